import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FinishedAttempt } from '../../agent/kopia/runs/finished-attempt.ts'
import type { Outcome } from '../../agent/kopia/runs/outcome-kinds.ts'
import { createLedger, emptyLedger, type LedgerData } from '../../agent/ledger/ledger.ts'
import { mostRecentAttempts, unpacked, withAttempt } from '../../agent/ledger/recent-attempts.ts'
import { day, ledgerOf, now } from '../support/ledgers.ts'
import { askedAt, makeSnapshot } from '../support/snapshots.ts'

const source = { user: 'root', host: 'vm', path: '/data' }
const name = 'root@vm:/data'

function finished(endedAt: number, outcome: Outcome = 'success'): FinishedAttempt {
  const errors = { fatal: 0, ignored: 0 }
  return { source, outcome, startedAt: endedAt - 2, endedAt, durationSeconds: 2.0004, errors }
}

test('the last 30 attempts are kept, and no more', () => {
  let recent: readonly number[] = []
  for (let number = 1; number <= 100; number += 1) recent = withAttempt(recent, finished(number * 10.0001))
  const attempts = unpacked(recent)
  assert.equal(attempts.length, mostRecentAttempts)
  assert.deepEqual(attempts[0], { endedAt: 710, durationSeconds: 2, outcome: 'success' })
  assert.equal(attempts.at(-1)?.endedAt, 1000)
})

test('the first answer of the repository fills it, and each attempt after that follows once', () => {
  const ledger = ledgerOf([{ source, lastSuccessAgo: day, snapshots: 5, later: [[60, 'failed']] }])
  const attempts = unpacked(ledger.sources.get(name)?.recent ?? [])
  assert.deepEqual(
    attempts.map(({ outcome }) => outcome),
    ['success', 'success', 'success', 'success', 'success', 'failed'],
  )
  assert.deepEqual(
    attempts.map(({ endedAt }) => endedAt),
    [5, 4, 3, 2, 1].map((days) => now - days * day).concat(now - 60),
  )
})

test('a ledger that is older than the chart is filled from the repository too', () => {
  const old = ledgerOf([{ source, lastSuccessAgo: day, snapshots: 5 }])
  const state = old.sources.get(name)
  assert.ok(state)
  const { recent, ...withoutRecent } = state
  assert.equal(unpacked(recent ?? []).length, 5)
  const data: LedgerData = { ...emptyLedger, begunAt: 1, sources: { [name]: withoutRecent } }
  const failedFirst = createLedger(data)
  failedFirst.addFinished(finished(now - 60, 'failed'), now)
  const outcomes = () => unpacked(failedFirst.sources.get(name)?.recent ?? []).map(({ outcome }) => outcome)
  assert.deepEqual(outcomes(), ['success', 'failed'])
  const held = [4, 3, 2, 1].map((days) => snapshotAt(now - days * day))
  failedFirst.addSnapshots(source, held, askedAt(now))
  failedFirst.addSnapshots(source, held, askedAt(now + 1))
  assert.deepEqual(outcomes(), ['success', 'success', 'success', 'success', 'failed'])
})

test('a success from before the watched failures is known from the repository', () => {
  const ledger = createLedger({ ...emptyLedger, begunAt: 1 })
  ledger.addFinished(finished(now - 60, 'failed'), now)
  ledger.addSnapshots(
    source,
    [3, 2].map((days) => snapshotAt(now - days * day)),
    askedAt(now),
  )
  const state = ledger.sources.get(name)
  assert.deepEqual([state?.lastSuccessAt, state?.lastAttempt?.outcome], [now - 2 * day, 'failed'])
})

test('an attempt that the repository reports first, and its log in detail later, is in the chart once', () => {
  const ledger = createLedger({ ...emptyLedger, begunAt: 1 })
  ledger.addSnapshots(source, [snapshotAt(now - day)], askedAt(now - day))
  ledger.addSnapshots(source, [snapshotAt(now - day), snapshotAt(now - 60)], askedAt(now - 50))
  ledger.addFinished({ ...finished(now - 59), snapshotId: String(now - 60) }, now)
  const recent = unpacked(ledger.sources.get(name)?.recent ?? [])
  assert.deepEqual(
    recent.map(({ endedAt, durationSeconds }) => [endedAt, durationSeconds]),
    [
      [now - day, 30],
      [now - 59, 2],
    ],
  )
})

function snapshotAt(endedAt: number) {
  return makeSnapshot({ source, id: String(endedAt), startedAt: endedAt - 30, endedAt })
}
