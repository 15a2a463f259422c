// When the proof that a source can be read back is overdue.

import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { SourceState } from '../../agent/ledger/source-state.ts'
import { verifyDeadlineOf } from '../../agent/limits/verify-deadline.ts'
import { asUtc, contextAt, snapshotAt, stateHolding, utc } from '../support/limits.ts'

type Case = {
  readonly name: string
  readonly schedule?: string
  /** When the schedule was set. */
  readonly since?: string
  readonly firstSeenAt?: string
  /** When it was last proven. */
  readonly provedAt?: string
  /** One by default. */
  readonly snapshots?: 'none'
  readonly change?: Partial<SourceState>
  readonly deadline: string | undefined
}

const nightly = '30 4 * * *'
const since = '2026-11-01 12:00'

const cases: readonly Case[] = [
  { name: 'without a schedule there is none', provedAt: '2026-11-23 04:31', deadline: undefined },
  {
    name: 'before the agent has noted since when the schedule is set there is none',
    schedule: nightly,
    deadline: undefined,
  },
  {
    name: 'nightly: two nights and a day after the last proof',
    schedule: nightly,
    since,
    provedAt: '2026-11-23 04:31',
    deadline: '2026-11-26 04:31',
  },
  {
    name: 'every six hours: twelve hours and a day',
    schedule: '0 */6 * * *',
    since,
    provedAt: '2026-11-23 00:10',
    deadline: '2026-11-24 12:10',
  },
  {
    name: 'on workdays: the weekend is the longest gap',
    schedule: '30 4 * * 1-5',
    since,
    provedAt: '2026-11-20 04:31',
    deadline: '2026-11-27 04:31',
  },
  {
    name: 'weekly: two weeks and a day',
    schedule: '30 4 * * 0',
    since,
    provedAt: '2026-11-22 04:31',
    deadline: '2026-12-07 04:31',
  },
  {
    name: 'never proven: from when the schedule was set',
    schedule: nightly,
    since: '2026-11-23 12:00',
    deadline: '2026-11-26 12:00',
  },
  {
    name: 'a source that came later: from when it was first seen',
    schedule: nightly,
    since,
    firstSeenAt: '2026-11-20 00:00',
    deadline: '2026-11-23 00:00',
  },
  {
    name: 'a proof from before the schedule counts no more than the schedule',
    schedule: nightly,
    since: '2026-11-23 12:00',
    provedAt: '2026-06-01 04:31',
    deadline: '2026-11-26 12:00',
  },
  {
    name: 'a source that never succeeded has nothing to verify',
    schedule: nightly,
    since,
    snapshots: 'none',
    deadline: undefined,
  },
  {
    name: 'a source whose snapshots are gone has nothing to verify',
    schedule: nightly,
    since,
    change: { goneSince: utc('2026-11-23 12:00') },
    deadline: undefined,
  },
  {
    name: 'a schedule that never comes has no gaps, and no deadline',
    schedule: '0 0 30 2 *',
    since,
    deadline: undefined,
  },
]

suite('the deadline of a proof', () => {
  for (const {
    name,
    schedule,
    since: scheduledSince,
    firstSeenAt,
    provedAt,
    snapshots,
    change,
    deadline,
  } of cases) {
    test(name, () => {
      const proved = provedAt === undefined ? undefined : utc(provedAt)
      const state: SourceState = {
        ...stateHolding(
          snapshots === 'none' ? [] : [snapshotAt(utc('2026-10-01 01:00'))],
          utc(firstSeenAt ?? '2026-10-01 01:00'),
        ),
        ...(proved !== undefined && {
          proof: { lastAttempt: { startedAt: proved - 60, endedAt: proved }, lastSuccessAt: proved },
        }),
        ...change,
      }
      const before = contextAt(utc('2026-11-24 12:00'))
      const context = {
        ...before,
        settings: { ...before.settings, verifySchedule: schedule },
        verifyScheduledSince: scheduledSince === undefined ? undefined : utc(scheduledSince),
      }
      assert.equal(asUtc(verifyDeadlineOf(state, context)), deadline)
    })
  }
})

test('an attempt that is not a proof moves no deadline', () => {
  const state = stateHolding([snapshotAt(utc('2026-10-01 01:00'))], utc('2026-10-01 01:00'))
  const proof = { lastAttempt: { startedAt: utc('2026-11-24 04:30'), endedAt: utc('2026-11-24 04:31') } }
  const context = contextAt(utc('2026-11-24 12:00'), { verifyScheduledSince: utc(since) })
  const settings = { ...context.settings, verifySchedule: nightly }
  const deadlineWith = (change: Partial<SourceState>) =>
    verifyDeadlineOf({ ...state, ...change }, { ...context, settings })
  assert.equal(asUtc(deadlineWith({ proof })), '2026-11-04 12:00')
  assert.equal(deadlineWith({ proof }), deadlineWith({}))
})
