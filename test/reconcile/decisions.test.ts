import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RepositoryAnswer } from '../../agent/kopia/runs/finished-attempt.ts'
import type { EndedRun, HookCall, Run } from '../../agent/kopia/runs/run.ts'
import { decide } from '../../agent/reconcile/decisions.ts'
import { pendingAttempts, pendingRuns } from '../../agent/reconcile/pending.ts'
import { begin, data, endedRun, goodLog, line, openRun, snapshotAt } from '../support/reconciling.ts'
import { holding } from '../support/snapshots.ts'

type Facts = Parameters<typeof decide>[1]
const unavailable: RepositoryAnswer = { kind: 'unavailable' }

function decided(run: Run, now: number, answer: RepositoryAnswer, change: Partial<Facts> = {}) {
  const nowSeconds = begin + now
  const runs = new Map([['one', run]])
  const [item] = [...pendingAttempts(runs, data, nowSeconds), ...pendingRuns(runs)]
  assert.ok(item)
  const facts = { configuration: undefined, use: 'not shared', identity: data, ...change } as const
  const decision = decide(item, { ...facts, answer, nowSeconds })
  if (decision?.kind !== 'own') return decision?.kind
  return decision.finished.map(({ outcome }) => outcome).join()
}

const server = (...lines: readonly string[]) =>
  openRun([line.startingUpload(0), ...lines], { command: 'server-start' })
const finished = server(line.uploaded(2), line.createdByServer(2, 'i1'), line.finished(2))

test('a run with another configuration is decided without an answer, and nothing of it counts', () => {
  const configuration = { kind: 'other', path: '/other.config' } as const
  assert.equal(decided(endedRun(3, goodLog), 4, unavailable, { configuration }), 'other')
  assert.equal(decided(endedRun(3, goodLog), 4, holding(snapshotAt('i1', 0)), { configuration }), 'other')
})

test('a snapshot that a server has flushed is a success at once where the repository shows it', () => {
  assert.equal(decided(finished, 2, holding(snapshotAt('i1', 0))), 'success')
})

test('where Kopia does not answer, an error of the flush may still follow for a second', () => {
  const own = { configuration: { kind: 'own' } } as const
  assert.equal(decided(finished, 2.9, unavailable, own), undefined)
  assert.equal(decided(finished, 3, unavailable, own), 'success')
  assert.equal(decided(finished, 3, unavailable), undefined, 'another repository may have it')
})

test('an error right after a server has finished makes its claim worthless until the repository shows the snapshot', () => {
  const error = 'snapshot error: snapshot task: error flushing writer: no such file'
  const failed = server(
    line.uploaded(2),
    line.createdByServer(2, 'i1'),
    line.finished(2),
    line.serverError(2.02, error),
  )
  assert.equal(decided(failed, 9000, unavailable), undefined)
  assert.equal(decided(failed, 3, holding()), 'failed')
  assert.equal(decided(failed, 3, holding(snapshotAt('i1', 0))), 'success')
})

const call: HookCall = {
  action: 'after',
  phase: 'call',
  callId: 'a1',
  path: data.path,
  processId: 42,
  at: begin,
}
const hooksAlone = openRun([], { readBytes: {}, hookCalls: [call], command: 'hooks' })

test('an attempt that only hooks report may still be saved for 15 s', () => {
  assert.equal(decided(hooksAlone, 2, holding(snapshotAt('i1', 0))), 'success')
  assert.equal(decided(hooksAlone, 14.9, holding()), undefined)
  assert.equal(decided(hooksAlone, 15, holding()), 'failed')
  assert.equal(decided(hooksAlone, 9000, unavailable), undefined)
})

test('in a shared directory only a snapshot of this repository makes a run its own', () => {
  const run = endedRun(3, goodLog)
  const use = 'shared'
  assert.equal(decided(run, 4, holding(snapshotAt('i1', 0)), { use }), 'success')
  assert.equal(decided(run, 4, holding(), { use }), 'unknown')
  assert.equal(decided(run, 4, unavailable, { use }), undefined)
  assert.equal(decided(run, 4, unavailable, { use, configuration: { kind: 'own' } }), 'success')
})

test('the rest of a run in a shared directory whose attempts are settled waits for nothing and is not unknown', () => {
  const rest: EndedRun = endedRun(60, [line.opened(0), line.closed(60)], {
    lastSettled: { '/data': { startedAt: begin, endedAt: begin + 2 } },
  })
  assert.equal(decided(rest, 61, unavailable, { use: 'shared' }), 'other')
  assert.equal(decided(rest, 61, unavailable, { use: 'not shared' }), '')
})
