import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newRun } from '../../agent/kopia/runs/run.ts'
import { createLedger, emptyLedger } from '../../agent/ledger/ledger.ts'
import { withClaims } from '../../agent/reconcile/claims.ts'
import { begin, data, endedRun, goodLog, snapshotAt } from '../support/reconciling.ts'
import { askedAt, holding } from '../support/snapshots.ts'

const attempt = { source: data, origin: 'hook', startedAt: begin } as const

function isOfAnother(setup: {
  readonly runs?: Parameters<typeof withClaims>[2]
  readonly sources?: Parameters<typeof withClaims>[3]
}): boolean | undefined {
  const { runs = new Map(), sources = new Map() } = setup
  const answer = withClaims(holding(snapshotAt('i1', 1)), 'own', runs, sources)
  return answer.kind === 'snapshots' ? answer.isOfAnother?.('i1', attempt) : undefined
}

function ledgerOf() {
  return createLedger({ ...emptyLedger, begunAt: begin - 10 })
}

test('the snapshot that the log of another run reports belongs to that run', () => {
  assert.equal(isOfAnother({ runs: new Map([['other', endedRun(3, goodLog)]]) }), true)
  assert.equal(isOfAnother({ runs: new Map([['own', endedRun(3, goodLog)]]) }), false)
  assert.equal(isOfAnother({ runs: new Map([['other', newRun(1, 'snapshot-create')]]) }), false)
})

test('the snapshot of the last attempt belongs to it, unless only the repository has reported it so far', () => {
  const errors = { fatal: 0, ignored: 0 }
  const counted = ledgerOf()
  const finished = {
    source: data,
    outcome: 'success',
    endedAt: begin + 3,
    durationSeconds: 2,
    errors,
  } as const
  counted.addFinished({ ...finished, startedAt: begin + 1, snapshotId: 'i1' }, begin + 3)
  assert.equal(isOfAnother({ sources: counted.sources }), true)
  const found = ledgerOf()
  found.addSnapshots(data, [snapshotAt('i1', 1)], askedAt(begin + 5))
  assert.equal(found.sources.get('root@vm:/data')?.attempts.success, 1)
  assert.equal(isOfAnother({ sources: found.sources }), false)
})
