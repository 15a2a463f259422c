// The table of the end-to-end test of the first day, without Kopia: at every hour of the day and day of the week, around clock changes.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parsePolicies } from '../../agent/kopia/cli/policies.ts'
import { newSource, withSnapshots } from '../../agent/ledger/source-state.ts'
import type { LimitContext } from '../../agent/limits/context.ts'
import { deadlineOf } from '../../agent/limits/deadline.ts'
import { toLimits } from '../../agent/settings/limits.ts'
import { type AgentSetup, expectedIntervals, type PastSource, pastSources } from '../support/past/sources.ts'
import { hour } from '../support/past/times.ts'
import { makeSnapshot } from '../support/snapshots.ts'

const identity = { user: 'me', host: 'nas' }

function contextOf(sources: readonly PastSource[], { zone, grace }: AgentSetup, now: number): LimitContext {
  const policies = sources.flatMap(({ name, scheduling }) =>
    scheduling ? [{ target: { userName: 'me', host: 'nas', path: `/srv/${name}` }, scheduling }] : [],
  )
  const settings = { ...toLimits(String(grace), expectedIntervals, ''), timeZone: zone }
  return { settings, policies: parsePolicies(policies), sleeps: false, uptimeQuarters: [], nowSeconds: now }
}

function checkAt(now: number, setup: AgentSetup): void {
  const sources = pastSources(now)
  const context = contextOf(sources, setup, now)
  const found = sources.map(({ name, starts, seconds }) => {
    const source = { ...identity, path: `/srv/${name}` }
    const snapshots = starts.map((startedAt) =>
      makeSnapshot({ source, startedAt, endedAt: startedAt + seconds, id: `${startedAt}` }),
    )
    const { origin, at, dueAt } = deadlineOf(withSnapshots(newSource(source, now), snapshots, now), context)
    return { name, origin, at, dueAt }
  })
  const expected = sources.map((source) => {
    const { origin, at, dueAt } = source.expected(setup)
    return { name: source.name, origin, at, dueAt }
  })
  assert.deepEqual(found, expected, new Date(now * 1000).toISOString())
}

const setups = [
  { zone: 'Europe/Berlin', grace: 0.5 },
  { zone: 'America/New_York', grace: 0.25 },
] as const

/** So that all hours of the day come, on all days of the week. */
const stepHours = 5

// The clocks change on 14 and 28 March, 31 October and 7 November.
for (const from of ['2027-03-11T00:20:30Z', '2027-10-29T00:20:30Z']) {
  for (const setup of setups) {
    test(`the deadlines of the first day, in 19 days from ${from}, in ${setup.zone}`, () => {
      const start = Date.parse(from) / 1000
      for (let hours = 0; hours < 19 * 24; hours += stepHours) checkAt(start + hours * hour, setup)
    })
  }
}
