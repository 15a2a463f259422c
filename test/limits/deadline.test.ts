// Which origin decides the deadline of a source, and what changes it.

import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { newSource, type SourceState, withSnapshots } from '../../agent/ledger/source-state.ts'
import type { LimitContext } from '../../agent/limits/context.ts'
import { deadlineOf, overdueSince } from '../../agent/limits/deadline.ts'
import { runningDeadlineOf } from '../../agent/limits/running-deadline.ts'
import {
  asUtc,
  contextAt,
  day,
  defaultLimitSettings,
  hour,
  policy,
  snapshotAt,
  source,
  stateAfter,
  stateHolding,
  utc,
} from '../support/limits.ts'

// A Tuesday.
const now = utc('2026-11-24 12:00')
const lastNight = utc('2026-11-24 01:30')
const manifests = (count: number, gapSeconds: number, newest = lastNight) =>
  Array.from({ length: count }, (_, index) => snapshotAt(newest - (count - 1 - index) * gapSeconds))

const configured = { ...defaultLimitSettings, timeZone: 'UTC', configuredInterval: () => 6 * hour }

type Case = {
  readonly name: string
  readonly state: SourceState
  readonly context?: Partial<LimitContext>
  readonly runningSince?: number
  readonly deadline: readonly [origin: string, at: string, dueAt: string | undefined]
}

const old = stateHolding(manifests(40, day), now)
const never = newSource(source, now)

const cases: readonly Case[] = [
  {
    name: 'a policy with a schedule',
    state: old,
    context: { policies: [policy({ minutesOfDay: [60] })] },
    deadline: ['policy', '2026-11-25 14:00', '2026-11-25 01:00'],
  },
  {
    name: 'a policy comes before a setting',
    state: old,
    context: { policies: [policy({ minutesOfDay: [60] })], settings: configured },
    deadline: ['policy', '2026-11-25 14:00', '2026-11-25 01:00'],
  },
  {
    name: 'a manual policy is no schedule: learned on the first day, from old manifests',
    state: old,
    context: { policies: [policy({ isManual: true })] },
    deadline: ['learned', '2026-11-25 14:30', '2026-11-25 01:30'],
  },
  {
    name: 'a schedule that has ended is no schedule',
    state: old,
    context: { policies: [policy({ cron: ['0 0 * * ? 2025'] })] },
    deadline: ['learned', '2026-11-25 14:30', '2026-11-25 01:30'],
  },
  {
    name: 'without an answer about policies: learned',
    state: old,
    deadline: ['learned', '2026-11-25 14:30', '2026-11-25 01:30'],
  },
  {
    name: 'a setting comes before what is learned',
    state: old,
    context: { settings: configured },
    deadline: ['configured', '2026-11-24 11:29', '2026-11-24 07:29'],
  },
  {
    name: 'on the first day with less than two weeks of manifests: four intervals and three days',
    state: stateHolding(manifests(5, day), now),
    deadline: ['learned', '2026-12-01 01:30', '2026-11-25 01:30'],
  },
  {
    name: 'two snapshots are no pattern: 46.5 days',
    state: stateHolding(manifests(2, day), now),
    deadline: ['assumed', '2027-01-09 13:30', undefined],
  },
  {
    name: 'never succeeded: a day after it was first seen',
    state: never,
    deadline: ['never', '2026-11-25 12:00', undefined],
  },
  {
    name: 'never succeeded, whatever the policy says',
    state: stateAfter(never, 'failed', now),
    context: { policies: [policy({ intervalSeconds: hour })] },
    deadline: ['never', '2026-11-25 12:00', undefined],
  },
  {
    name: 'its first backup may take a week',
    state: never,
    runningSince: now + hour,
    deadline: ['never', '2026-12-01 13:00', undefined],
  },
  {
    name: 'an attempt under way moves no other deadline',
    state: old,
    runningSince: now,
    deadline: ['learned', '2026-11-25 14:30', '2026-11-25 01:30'],
  },
  {
    name: 'a machine that sleeps: four hours awake after the deadline',
    state: old,
    context: { sleeps: true },
    deadline: ['learned', '2026-11-25 18:45', '2026-11-25 01:30'],
  },
]

suite('the deadline', () => {
  for (const { name, state, context, runningSince, deadline } of cases) {
    test(name, () => {
      const { origin, at, dueAt } = deadlineOf(state, contextAt(now, context), runningSince)
      assert.deepEqual([origin, asUtc(at), asUtc(dueAt)], deadline)
    })
  }
})

test('a source is overdue from the second after its deadline', () => {
  const deadline = deadlineOf(old, contextAt(now))
  assert.equal(overdueSince(deadline, deadline.at), undefined)
  assert.equal(overdueSince(deadline, deadline.at + 1), deadline.at)
})

test('failures change no deadline, however many; a success does', () => {
  let state = old
  const deadline = deadlineOf(state, contextAt(now))
  for (let count = 1; count <= 60; count += 1) {
    state = stateAfter(state, 'failed', now + count * hour)
    assert.deepEqual(deadlineOf(state, contextAt(now + count * hour)), deadline)
  }
  state = stateAfter(state, 'success', now + 61 * hour)
  assert.ok(deadlineOf(state, contextAt(now + 61 * hour)).at > deadline.at)
})

test('snapshots that retention deletes, or that all vanish, change no deadline', () => {
  const thinned = withSnapshots(old, manifests(40, day).slice(-1), now)
  const gone = withSnapshots(old, [], now)
  for (const state of [thinned, gone])
    assert.deepEqual(deadlineOf(state, contextAt(now)), deadlineOf(old, contextAt(now)))
})

test("a change of policies or settings changes the deadline at once, and another machine's does not", () => {
  const at = (context: Partial<LimitContext>) => asUtc(deadlineOf(old, contextAt(now, context)).at)
  const policies = [policy({ intervalSeconds: hour })]
  assert.equal(at({ policies }), '2026-11-24 03:59')
  assert.equal(at({ policies: [policy({ target: '@other', intervalSeconds: hour })] }), '2026-11-25 14:30')
  assert.equal(at({ policies, settings: { ...defaultLimitSettings, overdueGrace: 4 } }), '2026-11-24 07:29')
  assert.equal(at({ policies: undefined }), '2026-11-25 14:30')
})

test('a first backup that took days does not lengthen the deadlines after it', () => {
  const policies = [policy({ minutesOfDay: [60] })]
  const first = stateAfter(newSource(source, now - 6 * day), 'success', now - 2 * day, 4 * day)
  assert.equal(asUtc(deadlineOf(first, contextAt(now, { policies })).at), '2026-11-23 13:00')
  const long = stateAfter(stateAfter(first, 'success', now - day), 'success', now, 20 * hour)
  // Started at 16:00, so due at 01:00 while it ran.
  assert.equal(asUtc(deadlineOf(long, contextAt(now, { policies })).at), '2026-11-25 13:00')
})

suite('an attempt under way is stuck', () => {
  const runningSince = now
  const after = (...durations: readonly number[]) =>
    durations.reduce(
      (state, seconds, index) =>
        stateAfter(state, 'success', now - (durations.length - index) * day, seconds),
      newSource(source, now - 90 * day),
    )
  const stuck = (state: SourceState, context: Partial<LimitContext> = {}) =>
    (runningDeadlineOf(state, contextAt(now, context), runningSince) ?? Number.NaN) - runningSince

  test('after three times the longest good run of four weeks', () => {
    assert.equal(stuck(after(hour, 5 * hour, 2 * hour)), 15 * hour)
  })
  test('but not within three hours', () => {
    assert.equal(stuck(after(60, 70)), 3 * hour)
  })
  test('after a week without a success before', () => {
    assert.equal(stuck(newSource(source, now)), 7 * day)
    assert.equal(stuck(stateAfter(newSource(source, now), 'failed', now, 9 * day)), 7 * day)
  })
  test('by the manifests on the first day', () => {
    const taking = (seconds: number, ago: number) =>
      snapshotAt(now - ago * day, { startedAt: now - ago * day - seconds })
    assert.equal(stuck(stateHolding([taking(4 * hour, 9), taking(hour, 2)], now)), 12 * hour)
    // The older one was the last success until 30 days ago.
    assert.equal(stuck(stateHolding([taking(4 * hour, 60), taking(2 * hour, 30)], now)), 6 * hour)
  })
  test('never on a machine that sleeps, or while nothing runs', () => {
    assert.equal(stuck(after(hour), { sleeps: true }), Number.NaN)
    assert.equal(runningDeadlineOf(after(hour), contextAt(now), undefined), undefined)
  })
})

test('a success of the future shows that the clock was set back: the one before it counts', () => {
  const ahead = stateAfter(
    stateAfter(newSource(source, now - day), 'success', now),
    'success',
    now + 300 * day,
  )
  const policies = [policy({ minutesOfDay: [60] })]
  const deadline = deadlineOf(ahead, contextAt(now + hour, { policies }))
  assert.deepEqual([deadline.origin, asUtc(deadline.at)], ['policy', '2026-11-25 14:00'])
  const alone = stateAfter(newSource(source, now - day), 'success', now + 300 * day)
  assert.equal(deadlineOf(alone, contextAt(now + hour, { policies })).origin, 'never')
})

test('the durations of a machine that sleeps lengthen no deadline', () => {
  const state = stateAfter(
    stateAfter(newSource(source, now - 9 * day), 'success', now - day),
    'success',
    now,
    40 * hour,
  )
  const policies = [policy({ intervalSeconds: hour })]
  const quarters = { policies, sleeps: true }
  // Due when it ended, an hour and an hour later overdue, and four hours awake.
  assert.equal(asUtc(deadlineOf(state, contextAt(now, quarters)).at), '2026-11-24 18:15')
})
