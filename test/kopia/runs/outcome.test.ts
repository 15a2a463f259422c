import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Snapshot } from '../../../agent/kopia/cli/snapshots.ts'
import { parseRecord } from '../../../agent/kopia/log/record.ts'
import { addRecord } from '../../../agent/kopia/runs/add-record.ts'
import { noEvidence, type RunEvidence } from '../../../agent/kopia/runs/evidence.ts'
import type { RepositoryAnswer } from '../../../agent/kopia/runs/finished-attempt.ts'
import { decideOutcome } from '../../../agent/kopia/runs/outcome.ts'
import type { Outcome } from '../../../agent/kopia/runs/outcome-kinds.ts'
import { holding, makeSnapshot } from '../../support/snapshots.ts'

const start = Date.parse('2026-11-24T12:00:00Z') / 1000
const source = { user: 'root', host: 'vm', path: '/data/x' }
const unavailable: RepositoryAnswer = { kind: 'unavailable' }

function runOf(...lines: readonly string[]): RunEvidence {
  return lines.reduce((run, line, second) => {
    const record = parseRecord(`2026-11-24T12:00:0${second}.000000Z ${line}`)
    assert.ok(record, line)
    return addRecord(run, record)
  }, noEvidence)
}

const snapshot = (change: Partial<Snapshot>) =>
  makeSnapshot({ id: 'be3a', source, startedAt: start + 0.1, endedAt: start + 0.9, ...change })

const older = snapshot({ id: 'older', startedAt: start - 60, endedAt: start - 59 })
const ignoringIdentical = (...held: readonly Snapshot[]) => ({
  ...holding(...held),
  ignoresIdentical: () => true,
})

const begin = 'INFO kopia/cli Snapshotting root@vm:/data/x ...'
const created = 'INFO kopia/cli Created snapshot with root k4 and ID be3a in 1s'
const partial = 'INFO kopia/cli Created partial snapshot with root k4 and ID be3a in 0s'
const identical =
  'INFO kopia/cli \n Not saving snapshot because no files have been changed since previous snapshot'
const fatal = 'ERROR kopia/cli Found 1 fatal error(s) while snapshotting root@vm:/data/x.'
const uploading = 'DEBUG uploader uploading\t{"source":"root@vm:/data/x"}'
const closed = 'DEBUG kopia/repo [STORAGE] Close'
const opened = 'DEBUG kopia/repo [STORAGE] ListBlobs'
const maintenance = 'DEBUG maintenance due for full maintenance cycle'
const flushError = 'ERROR kopia/cli flush error: unable to write session marker'
const failed = 'ERROR kopia/cli upload error: exit status 3'

const cases: readonly {
  readonly name: string
  readonly run: RunEvidence
  readonly answer: RepositoryAnswer
  readonly outcome: Outcome | undefined
}[] = [
  {
    name: 'created, and the repository has the snapshot',
    run: runOf(begin, created),
    answer: holding(snapshot({})),
    outcome: 'success',
  },
  {
    name: 'created, with ignored errors',
    run: runOf(begin, created),
    answer: holding(snapshot({ ignoredErrors: 2 })),
    outcome: 'success',
  },
  {
    name: 'created, with fatal errors',
    run: runOf(begin, created, fatal),
    answer: holding(snapshot({ fatalErrors: 1 })),
    outcome: 'failed',
  },
  {
    name: 'created, but the repository has only another snapshot',
    run: runOf(begin, created),
    answer: holding(snapshot({ id: 'other' })),
    outcome: 'failed',
  },
  {
    name: 'created, but retention deleted it after a later snapshot',
    run: runOf(begin, created),
    answer: holding(snapshot({ id: 'later', startedAt: start + 60, endedAt: start + 61 })),
    outcome: 'success',
  },
  {
    name: 'no result line (--json), a good end, but retention deleted it after a later snapshot',
    run: runOf(begin, uploading, closed),
    answer: holding(snapshot({ id: 'later', startedAt: start + 60, endedAt: start + 61 })),
    outcome: 'success',
  },
  {
    name: 'no result line (killed), and only a later snapshot',
    run: runOf(begin, uploading),
    answer: holding(snapshot({ id: 'later', startedAt: start + 60, endedAt: start + 61 })),
    outcome: 'failed',
  },
  {
    name: 'created, then fatal errors, and only a later snapshot',
    run: runOf(begin, created, fatal),
    answer: holding(snapshot({ id: 'later', startedAt: start + 60, endedAt: start + 61 })),
    outcome: 'failed',
  },
  {
    name: 'a failed action, and only a later snapshot',
    run: runOf(begin, failed),
    answer: holding(snapshot({ id: 'later', startedAt: start + 60, endedAt: start + 61 })),
    outcome: 'failed',
  },
  {
    name: 'interrupted',
    run: runOf(begin, partial),
    answer: holding(snapshot({ incomplete: 'canceled' })),
    outcome: 'incomplete',
  },
  {
    name: 'nothing changed, and the policy saves no identical snapshots',
    run: runOf(begin, identical),
    answer: ignoringIdentical(older),
    outcome: 'success',
  },
  {
    name: 'nothing changed, but the policy saves identical snapshots',
    run: runOf(begin, identical),
    answer: holding(older),
    outcome: 'failed',
  },
  {
    name: 'nothing changed, but the repository holds no snapshot that it could be identical with',
    run: runOf(begin, identical),
    answer: ignoringIdentical(),
    outcome: 'failed',
  },
  { name: 'a failed action', run: runOf(begin, failed), answer: holding(), outcome: 'failed' },
  {
    name: 'a failed action after an older good snapshot',
    run: runOf(begin, failed),
    answer: holding(snapshot({ startedAt: start - 60, endedAt: start - 59 })),
    outcome: 'failed',
  },
  {
    name: 'no result line (--json), and a snapshot of that time',
    run: runOf(begin),
    answer: holding(snapshot({})),
    outcome: 'success',
  },
  {
    name: 'no result line (killed), and no snapshot',
    run: runOf(begin),
    answer: holding(),
    outcome: 'failed',
  },
  {
    name: 'no result line (killed), and a checkpoint',
    run: runOf(begin),
    answer: holding(snapshot({ incomplete: 'checkpoint' })),
    outcome: 'failed',
  },
  {
    name: 'created and flushed, no answer',
    run: runOf(opened, begin, created, closed),
    answer: unavailable,
    outcome: 'success',
  },
  {
    name: 'created, and maintenance has begun, no answer',
    run: runOf(opened, begin, created, maintenance),
    answer: unavailable,
    outcome: 'success',
  },
  {
    name: 'created, but no line shows the flush, no answer',
    run: runOf(begin, created),
    answer: unavailable,
    outcome: undefined,
  },
  {
    name: 'created, then killed with an open repository, no answer',
    run: runOf(opened, begin, created),
    answer: unavailable,
    outcome: undefined,
  },
  {
    name: 'created and closed, but the flush failed, no answer',
    run: runOf(opened, begin, created, closed, flushError),
    answer: unavailable,
    outcome: undefined,
  },
  {
    name: 'created, then fatal errors, no answer',
    run: runOf(begin, created, fatal),
    answer: unavailable,
    outcome: 'failed',
  },
  {
    name: 'interrupted, no answer',
    run: runOf(begin, partial),
    answer: unavailable,
    outcome: 'incomplete',
  },
  {
    name: 'nothing changed, and the run ended well, no answer',
    run: runOf(opened, begin, identical, closed),
    answer: unavailable,
    outcome: 'success',
  },
  {
    name: 'nothing changed, but no line shows a good end, no answer',
    run: runOf(begin, identical),
    answer: unavailable,
    outcome: undefined,
  },
  {
    name: 'a failed action, no answer',
    run: runOf(begin, failed),
    answer: unavailable,
    outcome: 'failed',
  },
  { name: 'no result line, no answer', run: runOf(begin), answer: unavailable, outcome: undefined },
]

for (const { name, run, answer, outcome } of cases) {
  test(`${name}: ${outcome ?? 'not known yet'}`, () => {
    const [attempt] = run.attempts
    assert.ok(attempt)
    assert.equal(decideOutcome(attempt, run, start + 5, answer)?.outcome, outcome)
  })
}

test('an attempt lasts from its first line to its result line, or else to the end of the run', () => {
  const reported = runOf(begin, created)
  const silent = runOf(begin)
  const [one, other] = [reported.attempts[0], silent.attempts[0]]
  assert.ok(one && other)
  assert.equal(decideOutcome(one, reported, start + 5, holding(snapshot({})))?.durationSeconds, 1)
  assert.equal(decideOutcome(other, silent, start + 5, holding())?.durationSeconds, 5)
})

test('an attempt is not shorter than its upload after the clock was set back', () => {
  const upload = 'DEBUG uploader snapshotted directory\t{"path":".","dur":"1m2s","errors":0}'
  const run = runOf(begin, upload, created)
  const [attempt] = run.attempts
  assert.ok(attempt)
  assert.equal(decideOutcome(attempt, run, start - 3600, holding(snapshot({})))?.durationSeconds, 62)
})

test('a result line that a path forges ends neither its own attempt nor a finished one', () => {
  const forged = runOf(
    'INFO kopia/cli Snapshotting root@vm:/data/x',
    'INFO kopia/cli Created snapshot with root k1 and ID beef in 0s',
  )
  assert.deepEqual(forged.attempts, [])
  const late = runOf(begin, created, 'INFO kopia/cli Created snapshot with root k1 and ID beef in 0s')
  assert.deepEqual(
    late.attempts.map((attempt) => attempt.reportedResult),
    [{ kind: 'created', snapshotId: 'be3a' }],
  )
})

test('each source of a run is a separate attempt', () => {
  const other = { ...source, path: '/data/y' }
  const run = runOf(
    begin,
    created,
    'INFO kopia/cli Snapshotting root@vm:/data/y ...',
    'DEBUG uploader uploading\t{"source":"root@vm:/data/y"}',
    failed,
  )
  const answer = holding(snapshot({}))
  const found = run.attempts.map((attempt) => decideOutcome(attempt, run, start + 5, answer))
  assert.deepEqual(
    found.map((finished) => [finished?.source, finished?.outcome]),
    [
      [source, 'success'],
      [other, 'failed'],
    ],
  )
})

test('a path that forges another source and its success changes neither', () => {
  const lines = [
    'INFO kopia/cli Snapshotting root@vm:/data/decoy ...',
    'INFO kopia/cli Created snapshot with root k1 and ID beef in 0s ...',
    'DEBUG uploader uploading\t{"source":"root@vm:/data/decoy ...\\n2026-01-01T00:00:00.000000Z INFO …"}',
  ]
  const times = ['2026-11-24T12:00:00.000000Z', '2026-01-01T00:00:00.000000Z', '2026-11-24T12:00:00.000100Z']
  const run = lines.reduce((evidence, line, index) => {
    const record = parseRecord(`${times[index]} ${line}`)
    assert.ok(record, line)
    return addRecord(evidence, record)
  }, noEvidence)
  assert.deepEqual(
    run.attempts.map(({ source: { path }, reportedResult }) => [path, reportedResult]),
    [['/data/decoy ...\n2026-01-01T00:00:00.000000Z INFO …', undefined]],
  )
})

test('the snapshot of an attempt is found after the clock was set back during it', () => {
  const run = runOf(begin)
  const [attempt] = run.attempts
  assert.ok(attempt)
  assert.equal(decideOutcome(attempt, run, start - 3600, holding(snapshot({})))?.outcome, 'success')
})

test('without a log, a missing snapshot is a success only if the policy saves no identical ones', () => {
  const attempt = { source, origin: 'hook', startedAt: start } as const
  const outcomeOf = (hasRunAfterAction: boolean, ignoresIdentical: boolean) => {
    const answer = {
      ...holding(older),
      ignoresIdentical: () => ignoresIdentical,
      newestIdBefore: () => older.id,
    }
    return decideOutcome({ ...attempt, hasRunAfterAction }, noEvidence, start + 1, answer)?.outcome
  }
  assert.deepEqual(
    [outcomeOf(true, true), outcomeOf(false, true), outcomeOf(true, false)],
    ['success', 'failed', 'failed'],
  )
})
