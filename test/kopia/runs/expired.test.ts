// Snapshots that are not in the repository any more, or never were: a later one is there in both cases.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Attempt, RunEvidence } from '../../../agent/kopia/runs/evidence.ts'
import { decideOutcome } from '../../../agent/kopia/runs/outcome.ts'
import type { EndKnowledge } from '../../../agent/kopia/runs/outcome-kinds.ts'
import { holding, makeSnapshot } from '../../support/snapshots.ts'

const source = { user: 'root', host: 'vm', path: '/data/x' }
const claim = { reportedResult: { kind: 'created', snapshotId: 'gone' }, reportedAt: 20 } as const
const later = holding(makeSnapshot({ id: 'later', source, startedAt: 60, endedAt: 61 }))

function outcomeOf(attempt: Attempt, run: Partial<RunEvidence>, knowledge: EndKnowledge) {
  const evidence: RunEvidence = { attempts: [attempt], fatalErrors: [], repository: 'unknown', ...run }
  return decideOutcome(attempt, evidence, 30, later, knowledge)?.outcome
}

test('a claim of a run that only its silence ended needs the flush, since it may have been killed before it', () => {
  const attempt: Attempt = { source, origin: 'command', startedAt: 10, ...claim }
  assert.deepEqual(
    [
      outcomeOf(attempt, {}, 'certain'),
      outcomeOf(attempt, {}, 'silent'),
      outcomeOf(attempt, { flushedAt: 21 }, 'silent'),
      outcomeOf(attempt, { repository: 'closed' }, 'silent'),
    ],
    ['success', 'failed', 'success', 'success'],
  )
})

test('a claim of a server needs the end of its work on the source, before which it flushes', () => {
  const attempt: Attempt = { source, origin: 'server', startedAt: 10, ...claim, uploadErrors: 0 }
  assert.deepEqual(
    [outcomeOf(attempt, {}, 'certain'), outcomeOf({ ...attempt, finishedAt: 21 }, {}, 'certain')],
    ['failed', 'success'],
  )
})

test('an attempt without a claim does not get a snapshot that another one has created', () => {
  const attempt: Attempt = { source, origin: 'command', startedAt: 10 }
  const run: RunEvidence = { attempts: [attempt], fatalErrors: [], repository: 'opened' }
  const answer = holding(makeSnapshot({ id: 'next', source, startedAt: 11, endedAt: 12 }))
  const outcomeWith = (isOfAnother: boolean) =>
    decideOutcome(attempt, run, 13, { ...answer, isOfAnother: () => isOfAnother })?.outcome
  assert.deepEqual([outcomeWith(false), outcomeWith(true)], ['success', 'failed'])
})
