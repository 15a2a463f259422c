// What the log alone proves where Kopia does not answer. What it does not prove waits.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Attempt, noEvidence, type RunEvidence } from '../../../agent/kopia/runs/evidence.ts'
import { isFlushed, outcomeByLog } from '../../../agent/kopia/runs/outcome-by-log.ts'

const source = { user: 'root', host: 'vm', path: '/data/x' }
const command: Attempt = { source, origin: 'command', startedAt: 1000 }
const other: Attempt = { ...command, source: { ...source, path: '/data/y' } }
const server: Attempt = { source, origin: 'server', startedAt: 1000 }
const created = { reportedResult: { kind: 'created', snapshotId: 'be3a' }, reportedAt: 1090 } as const
const identical = { reportedResult: { kind: 'identical' }, reportedAt: 1090 } as const
const partial = { reportedResult: { kind: 'created-partial', snapshotId: 'be3a' }, reportedAt: 1090 } as const
const closed = { repository: 'closed', closedAt: 1095 } as const

const outcomeIn = (attempt: Attempt, run: Partial<RunEvidence> = {}) =>
  outcomeByLog(attempt, { ...noEvidence, attempts: [attempt], ...run })

test('a command has flushed if it closed its repository without an error, or began its maintenance', () => {
  const flushes = (run: Partial<RunEvidence>) => isFlushed({ ...noEvidence, ...run })
  assert.equal(flushes({}), false)
  assert.equal(flushes({ repository: 'opened' }), false)
  assert.equal(flushes(closed), true)
  assert.equal(flushes({ ...closed, finalError: 'flush error: …' }), false)
  assert.equal(flushes({ repository: 'opened', flushedAt: 1092 }), true)
  assert.equal(flushes({ ...closed, flushedAt: 1092, finalError: 'maintenance failed' }), true)
})

test('a claim of a command is a success only once the log shows the flush', () => {
  for (const claim of [created, identical]) {
    const claimed = { ...command, ...claim }
    assert.equal(outcomeIn(claimed), undefined, 'the level of the log may hide the flush')
    assert.equal(outcomeIn(claimed, { repository: 'opened' }), undefined, 'killed before the flush')
    assert.equal(outcomeIn(claimed, closed), 'success')
    assert.equal(outcomeIn(claimed, { flushedAt: 1092 }), 'success')
    assert.equal(outcomeIn(claimed, { flushedAt: 1092, finalError: 'maintenance failed' }), 'success')
    assert.equal(outcomeIn(claimed, { ...closed, finalError: 'flush error: …' }), undefined)
  }
})

test('an unchanged source in which files could not be read may be as bad as the snapshot before', () => {
  assert.equal(outcomeIn({ ...command, ...identical, uploadErrors: 1 }, closed), undefined)
  assert.equal(outcomeIn({ ...command, ...created, uploadErrors: 1 }, closed), 'success', 'ignored errors')
})

test('the fatal errors of a source fail it, whatever it has claimed', () => {
  const fatalErrors = [{ sourceText: 'root@vm:/data/x' }]
  const run = { ...closed, finalError: 'Found 1 fatal error(s) …', fatalErrors }
  assert.equal(outcomeIn({ ...command, ...created }, run), 'failed')
  assert.equal(outcomeIn({ ...other, ...created }, run), undefined, 'its flush is not proven')
})

test('an interrupted attempt is incomplete', () => {
  assert.equal(outcomeIn({ ...command, ...partial }), 'incomplete')
  assert.equal(outcomeIn({ ...server, ...partial }), 'incomplete')
})

test('a final error fails the source without a result, if the log shows which one it is', () => {
  const finalError = 'upload error: exit status 3'
  assert.equal(outcomeIn(command, { finalError }), 'failed')
  assert.equal(outcomeIn(command, { finalError, attempts: [command, other] }), undefined, '--json')
  const reported = { ...other, ...created }
  assert.equal(outcomeIn(command, { finalError, attempts: [reported, command] }), 'failed')
  assert.equal(outcomeIn(command), undefined)
  assert.equal(outcomeIn(command, closed), undefined, '--json hides the result')
  assert.equal(outcomeIn(command, { flushedAt: 1092, finalError }), undefined, 'the maintenance failed')
})

test('a server has succeeded with a source that it has finished without an error', () => {
  const claimed = { ...server, ...created }
  assert.equal(outcomeIn(claimed), undefined, 'not finished, so perhaps not flushed')
  assert.equal(outcomeIn({ ...claimed, finishedAt: 1091 }), 'success')
  assert.equal(outcomeIn({ ...claimed, finishedAt: 1091, errorAfter: 'snapshot error: …' }), undefined)
  assert.equal(outcomeIn({ ...claimed, finishedAt: 1091, uploadErrors: 1 }), undefined)
  assert.equal(outcomeIn({ ...server, ...identical, finishedAt: 1091 }), 'success')
  assert.equal(outcomeIn({ ...server, finishedAt: 1091 }), 'failed')
})

test('what a server reports while several sources are under way proves nothing', () => {
  const ambiguous = { ...server, isAmbiguous: true, finishedAt: 1091 } as const
  assert.equal(outcomeIn(ambiguous), undefined)
  assert.equal(outcomeIn({ ...ambiguous, mayBeIdentical: true }), undefined)
  assert.equal(outcomeIn({ ...ambiguous, ...created }), undefined)
})
