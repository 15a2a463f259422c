import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FinishedAttempt } from '../../agent/kopia/runs/finished-attempt.ts'
import { newSource, type SourceState, withFinished } from '../../agent/ledger/source-state.ts'
import type { MetricName } from '../../agent/metrics/definitions.ts'
import { sourceSamples } from '../../agent/metrics/source-metrics.ts'
import { defaultLimitSettings } from '../support/limits.ts'

const source = { user: 'root', host: 'vm', path: '/data' }
const attempt = {
  source,
  startedAt: 8,
  endedAt: 10,
  durationSeconds: 2,
  errors: { fatal: 0, ignored: 0 },
} as const
const added = (finished: FinishedAttempt) => withFinished(newSource(source, 0), finished, 'counted', 10)
const fresh = newSource(source, 0)
const good = added({ ...attempt, outcome: 'success' })
const unproven = { since: 20, reason: 'nothing proves it' }

function values(name: MetricName, state: SourceState, runningSince?: number) {
  const limits = {
    settings: defaultLimitSettings,
    policies: undefined,
    sleeps: false,
    uptimeQuarters: [],
    nowSeconds: 10,
  }
  const context = { runningSince: () => runningSince, limits }
  return sourceSamples(name, [state], context).map(({ value }) => value)
}

const statuses: readonly (readonly [name: string, state: SourceState, status: readonly number[]])[] = [
  ['a source that was never tried', fresh, []],
  ['a good backup', good, [1]],
  ['a failed backup', added({ ...attempt, outcome: 'failed' }), [0]],
  ['an incomplete backup', added({ ...attempt, outcome: 'incomplete' }), [0]],
  ['a good backup after which one is unproven', { ...good, unproven }, [0]],
  ['a first backup that is unproven', { ...fresh, unproven }, [0]],
  ['a good backup whose snapshots are all gone', { ...good, goneSince: 20 }, [0]],
]
for (const [name, state, status] of statuses) {
  test(`kopia_backup_status of ${name}: ${status.join() || 'absent'}`, () => {
    assert.deepEqual(values('kopia_backup_status', state), status)
  })
}

test('a doubt moves the status alone: counters, last attempt and last success stay', () => {
  const names = [
    'kopia_backup_attempts_total',
    'kopia_backup_last_attempt_timestamp_seconds',
    'kopia_backup_last_success_timestamp_seconds',
    'kopia_backup_consecutive_failures',
  ] as const
  for (const name of names) assert.deepEqual(values(name, { ...good, unproven }), values(name, good), name)
  assert.deepEqual(values('kopia_backup_attempts_total', good), [1, 0, 0])
})

test('counters are born at 0, and running-since is absent while nothing runs', () => {
  assert.deepEqual(values('kopia_backup_attempts_total', fresh), [0, 0, 0])
  assert.deepEqual(values('kopia_backup_running_since_timestamp_seconds', fresh), [])
  assert.deepEqual(values('kopia_backup_running_since_timestamp_seconds', fresh, 7), [7])
})
