import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Finished, Outcome } from '../../agent/kopia/verdict.ts'
import { createLedger, emptyLedger, type LedgerData } from '../../agent/ledger/ledger.ts'
import { mostRecentAttempts, unpacked, withAttempt } from '../../agent/ledger/recent-attempts.ts'
import { day, ledgerOf, now } from '../support/ledgers.ts'

const source = { user: 'root', host: 'vm', path: '/data' }
const name = 'root@vm:/data'

function finished(endedAt: number, outcome: Outcome = 'success'): Finished {
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

test('the first look at the repository fills it, and what is watched from then on follows, once', () => {
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

test('a ledger from before there was a chart is filled from the repository too', () => {
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
  failedFirst.addSnapshots(source, held, now)
  failedFirst.addSnapshots(source, held, now + 1)
  assert.deepEqual(outcomes(), ['success', 'success', 'success', 'success', 'failed'])
})

function snapshotAt(endedAt: number) {
  return {
    id: String(endedAt),
    source,
    startedAt: endedAt - 30,
    endedAt,
    incomplete: undefined,
    sizeBytes: 1,
    files: 1,
    directories: 1,
    changedFiles: 1,
    excludedFiles: 0,
    fatalErrors: 0,
    ignoredErrors: 0,
    retentionReasons: [],
    pins: [],
  }
}
