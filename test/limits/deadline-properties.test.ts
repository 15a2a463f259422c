// What holds for every deadline, with random histories.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { effectivePolicyOf, type PolicyFields } from '../../agent/kopia/cli/merged-policy.ts'
import { gapsOf } from '../../agent/kopia/cli/schedule.ts'
import type { Snapshot } from '../../agent/kopia/cli/snapshots.ts'
import { newSource, type SourceState, withSnapshots } from '../../agent/ledger/source-state.ts'
import { type UptimeQuarters, withMoment } from '../../agent/ledger/uptime.ts'
import type { LimitContext } from '../../agent/limits/context.ts'
import { deadlineOf } from '../../agent/limits/deadline.ts'
import { contextAt, day, hour, policy, snapshotAt, source, stateAfter, utc } from '../support/limits.ts'
import { createRandom } from '../support/random.ts'

const begin = utc('2026-01-05 00:00')
const zones = ['UTC', 'Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kathmandu'] as const

type Random = () => number
const below = (random: Random, limit: number) => Math.floor(random() * limit)
const oneOf = <T>(random: Random, values: readonly [T, ...T[]]): T =>
  values[below(random, values.length)] ?? values[0]

/** A schedule of a random kind, or none. */
function randomPolicy(random: Random): PolicyFields {
  const minute = below(random, 60)
  const at = below(random, 24)
  const crons: readonly [string, ...string[]] = [
    `${minute} ${at} * * *`,
    `${minute} ${at} * * 1-5`,
    `${minute} 8-18 * * 1-5`,
    `*/${10 + below(random, 20)} * * * *`,
    `${minute} ${at} * * ${below(random, 7)}`,
    `${minute} ${at} ${1 + below(random, 28)} * *`,
    `${minute} ${at} L * *`,
  ]
  return oneOf<PolicyFields>(random, [
    policy({}),
    policy({ isManual: true }),
    policy({ intervalSeconds: 600 + below(random, 10 * day) }),
    policy({ minutesOfDay: [at * 60 + minute] }),
    policy({ minutesOfDay: [at * 60 + minute, below(random, 1440), below(random, 1440)] }),
    policy({ cron: [oneOf(random, crons)], runsMissed: random() < 0.5 }),
    policy({ cron: [oneOf(random, crons), oneOf(random, crons)] }),
    policy({ intervalSeconds: 3600 + below(random, 2 * day), cron: [oneOf(random, crons)] }),
  ])
}

type Life = {
  readonly state: SourceState
  readonly now: number
  readonly hasSucceeded: boolean
  /** What the repository holds. */
  readonly held: readonly Snapshot[]
}

/** What happens next to a source: a success, a failure, an answer of the repository, or nothing. */
function nextOf({ state, now, held }: Life, gapSeconds: number, random: Random): Life {
  const later = now + Math.round(gapSeconds * (0.2 + 1.6 * random()))
  const kind = random()
  if (kind < 0.5) {
    const durationSeconds = 1 + below(random, random() < 0.05 ? 2 * day : hour)
    const snapshot = snapshotAt(later, { startedAt: later - durationSeconds })
    const after = stateAfter(state, 'success', later, durationSeconds)
    return { state: after, now: later, hasSucceeded: true, held: [...held, snapshot] }
  }
  if (kind < 0.8) return { state: stateAfter(state, 'failed', later), now: later, hasSucceeded: false, held }
  // Retention deletes some, and rarely somebody deletes all.
  const kept = random() < 0.05 ? [] : held.filter(() => random() < 0.8)
  return { state: withSnapshots(state, kept, later), now: later, hasSucceeded: false, held: kept }
}

function checkLife(seed: number): void {
  const random = createRandom(seed)
  const fields = randomPolicy(random)
  const { schedule } = effectivePolicyOf([fields])
  const shortestSeconds = (schedule && gapsOf(schedule)?.shortestSeconds) ?? 0
  const settings = {
    ...contextAt(0).settings,
    timeZone: oneOf(random, zones),
    overdueGrace: 0.1 + random(),
  }
  const context: Partial<LimitContext> = { policies: [{ ...fields, target: '' }], settings }
  let life: Life = { state: newSource(source, begin), now: begin, hasSucceeded: false, held: [] }
  let before = deadlineOf(life.state, contextAt(begin, context))
  const gapSeconds = 1800 + below(random, 2 * day)
  for (let step = 0; step < 60; step += 1) {
    life = nextOf(life, gapSeconds, random)
    const { state, now } = life
    const deadline = deadlineOf(state, contextAt(now, context))
    const what = `seed ${seed}, step ${step}, ${JSON.stringify(fields)}`
    assert.ok(Number.isFinite(deadline.at), what)
    if (deadline.origin === 'policy')
      assert.ok(deadline.at >= (state.lastSuccessAt ?? 0) + shortestSeconds, `too early: ${what}`)
    if (!life.hasSucceeded) assert.deepEqual(deadline, before, `moved without a success: ${what}`)
    assert.deepEqual(deadlineOf(state, contextAt(now + 3 * day, context)), deadline, `moved by time: ${what}`)
    before = deadline
  }
}

test('a deadline never lies before the shortest gap of the schedule, and only a success moves it', () => {
  for (let seed = 1; seed <= 250; seed += 1) checkLife(seed)
})

test('on a machine that sleeps, it moves only while the machine is asleep, and never back', () => {
  for (let seed = 1; seed <= 300; seed += 1) {
    const random = createRandom(seed)
    const state = stateAfter(newSource(source, begin), 'success', begin)
    const policies = [policy({ intervalSeconds: 3600 + below(random, 2 * day) })]
    let quarters: UptimeQuarters = []
    let now = begin
    let before: number | undefined
    let isAwake = true
    for (let step = 0; step < 400; step += 1) {
      const wasAwake = isAwake
      now += 900
      if (random() < 0.05) isAwake = !isAwake
      if (!isAwake) continue
      quarters = withMoment(quarters, now)
      const { at } = deadlineOf(state, contextAt(now, { policies, sleeps: true, uptimeQuarters: quarters }))
      if (before !== undefined) {
        assert.ok(at >= before, `seed ${seed}, step ${step}: moved back`)
        if (wasAwake) assert.equal(at, before, `seed ${seed}, step ${step}: moved while awake`)
      }
      before = at
    }
  }
})
