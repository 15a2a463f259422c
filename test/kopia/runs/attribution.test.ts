// Which runs count where several repositories share a log directory.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Attribution, attributionOf, firstAttribution } from '../../../agent/kopia/runs/attribution.ts'
import type { Configuration } from '../../../agent/kopia/runs/configuration.ts'
import { type Attempt, noEvidence, type RunEvidence } from '../../../agent/kopia/runs/evidence.ts'
import {
  attemptOf,
  type FinishedAttempt,
  type RepositoryAnswer,
} from '../../../agent/kopia/runs/finished-attempt.ts'
import { holding, makeSnapshot } from '../../support/snapshots.ts'

const source = { user: 'root', host: 'vm', path: '/data/x' }
const own: Configuration = { kind: 'own' }
const other: Configuration = { kind: 'other', path: '/etc/nas.config' }
const snapshot = makeSnapshot({ id: 'be3a', source, startedAt: 10, endedAt: 12 })
const held = holding(snapshot)
const unavailable: RepositoryAnswer = { kind: 'unavailable' }

const claimed: Attempt = {
  source,
  origin: 'command',
  startedAt: 10,
  reportedResult: { kind: 'created', snapshotId: 'be3a' },
  reportedAt: 12,
}
const unclaimed: Attempt = { source, origin: 'command', startedAt: 10 }
const success = attemptOf(snapshot)
const { snapshotId: _, ...withoutSnapshot } = success
const failed: FinishedAttempt = { ...withoutSnapshot, outcome: 'failed' }
const identical: FinishedAttempt = withoutSnapshot

function evidenceOf(attempt: Attempt, change: Partial<RunEvidence> = {}): RunEvidence {
  return { ...noEvidence, attempts: [attempt], repository: 'closed', ...change }
}

type Row = {
  readonly name: string
  readonly evidence: RunEvidence
  readonly finished: readonly FinishedAttempt[]
  readonly answer: RepositoryAnswer
  /** Where the configuration is unknown. */
  readonly shared: Attribution | undefined
  readonly notShared: Attribution | undefined
}

const rows: readonly Row[] = [
  {
    name: 'the repository holds the snapshot of its log',
    evidence: evidenceOf(claimed),
    finished: [success],
    answer: held,
    shared: 'own',
    notShared: 'own',
  },
  {
    name: 'the repository holds a snapshot of its time, and its log names none',
    evidence: evidenceOf(unclaimed),
    finished: [success],
    answer: held,
    shared: 'unknown',
    notShared: 'own',
  },
  {
    name: 'it ended well, but the repository lacks its snapshot',
    evidence: evidenceOf(claimed),
    finished: [failed],
    answer: holding(),
    shared: 'unknown',
    notShared: 'unknown',
  },
  {
    name: 'it ended with an error, and the repository lacks its snapshot',
    evidence: evidenceOf(claimed, { finalError: 'flush error: …' }),
    finished: [failed],
    answer: holding(),
    shared: 'unknown',
    notShared: 'own',
  },
  {
    name: 'it was killed after its claim',
    evidence: evidenceOf(claimed, { repository: 'opened' }),
    finished: [failed],
    answer: holding(),
    shared: 'unknown',
    notShared: 'own',
  },
  {
    name: 'it failed without a claim',
    evidence: evidenceOf(unclaimed, { finalError: 'upload error: exit status 3' }),
    finished: [failed],
    answer: holding(),
    shared: 'unknown',
    notShared: 'own',
  },
  {
    name: 'nothing has changed',
    evidence: evidenceOf({ ...claimed, reportedResult: { kind: 'identical' } }),
    finished: [identical],
    answer: held,
    shared: 'unknown',
    notShared: 'own',
  },
  {
    name: 'it is the one of a server that ended well, but the repository lacks its snapshot',
    evidence: evidenceOf({ ...claimed, origin: 'server', finishedAt: 12 }, { repository: 'opened' }),
    finished: [failed],
    answer: holding(),
    shared: 'unknown',
    notShared: 'unknown',
  },
  {
    name: 'it is the one of a server that failed to flush',
    evidence: evidenceOf({ ...claimed, origin: 'server', finishedAt: 12, errorAfter: 'snapshot error: …' }),
    finished: [failed],
    answer: holding(),
    shared: 'unknown',
    notShared: 'own',
  },
  {
    name: 'Kopia does not answer about a failure',
    evidence: evidenceOf(claimed),
    finished: [failed],
    answer: unavailable,
    shared: undefined,
    notShared: 'own',
  },
  {
    name: 'Kopia does not answer about a success, which another repository may have',
    evidence: evidenceOf(claimed),
    finished: [identical],
    answer: unavailable,
    shared: undefined,
    notShared: undefined,
  },
]

for (const { name, shared, notShared, ...facts } of rows) {
  test(`a run of an unknown configuration, in a shared directory and in one of its own: ${name}`, () => {
    assert.equal(attributionOf({ ...facts, configuration: undefined, use: 'shared' }), shared)
    assert.equal(attributionOf({ ...facts, configuration: undefined, use: 'not shared' }), notShared)
  })

  test(`a known configuration decides alone: ${name}`, () => {
    for (const use of ['shared', 'not shared'] as const) {
      assert.equal(attributionOf({ ...facts, configuration: own, use }), 'own')
      assert.equal(attributionOf({ ...facts, configuration: other, use }), 'other')
    }
  })
}

test('a lost snapshot of another attempt of the run does not make this one foreign', () => {
  const path = '/data/y'
  const later = { ...unclaimed, source: { ...source, path }, startedAt: 20 }
  const evidence: RunEvidence = { ...noEvidence, attempts: [claimed, later], repository: 'closed' }
  const lost: FinishedAttempt = { ...failed, source: later.source, startedAt: 20 }
  const facts = { configuration: undefined, use: 'not shared', answer: held, evidence } as const
  assert.equal(attributionOf({ ...facts, finished: [lost] }), 'own')
  assert.equal(attributionOf({ ...facts, finished: [success, lost] }), 'own')
})

test('before the repository is asked, a directory of its own tells whose run it is, and a shared one does not', () => {
  const cases = [own, other, undefined].map((configuration) =>
    (['shared', 'not shared'] as const).map((use) => firstAttribution(configuration, use)),
  )
  assert.deepEqual(cases, [
    ['own', 'own'],
    ['other', 'other'],
    ['unknown', 'own'],
  ])
})
