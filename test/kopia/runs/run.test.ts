import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseRecord } from '../../../agent/kopia/log/record.ts'
import { addRecord } from '../../../agent/kopia/runs/add-record.ts'
import { type Attempt, noEvidence } from '../../../agent/kopia/runs/evidence.ts'
import {
  asEnded,
  type EndedRun,
  hasEnded,
  hasEndedUnread,
  hasSucceeded,
  isQuiet,
  mayHaveJustEnded,
  nearEndSince,
  newRun,
  type OpenRun,
  withSignOfLife,
} from '../../../agent/kopia/runs/run.ts'

const source = { user: 'root', host: 'vm', path: '/data/x' }
const attempt: Attempt = { source, origin: 'command', startedAt: 1 }
const open = newRun(42, 'snapshot-create')
const silentSince = (lastSignAt: number): OpenRun => ({ ...open, lastSignAt })

function ended(change: Partial<EndedRun>): EndedRun {
  return { ...open, state: 'ended', endedAt: 1010, lastSignAt: 1010, ...change }
}

test('a run whose process was never seen ends by its final error, or by silence', () => {
  const reportedResult = { kind: 'identical' } as const
  const reported = { ...open, preview: { ...noEvidence, attempts: [{ ...attempt, reportedResult }] } }
  const failed = { ...open, preview: { ...noEvidence, finalError: 'open repository: …' } }
  assert.deepEqual([hasEnded(open, 59), hasEnded(open, 60)], [false, true])
  assert.deepEqual([hasEnded(reported, 0.9), hasEnded(reported, 1)], [false, true])
  assert.equal(hasEnded(failed, 0), true)
  assert.equal(hasEnded({ ...open, process: '123' }, 0), true)
  assert.deepEqual([hasEndedUnread(59), hasEndedUnread(60)], [false, true])
})

test('a run that neither failed nor closed the repository that it had opened was killed', () => {
  const kinds = ['unknown', 'opened', 'closed'] as const
  const succeeded = kinds.map((repository) =>
    hasSucceeded(ended({ evidence: { ...noEvidence, repository } })),
  )
  assert.deepEqual(succeeded, [true, false, true])
  assert.equal(
    hasSucceeded(ended({ evidence: { ...noEvidence, repository: 'closed', finalError: 'x' } })),
    false,
  )
})

test('a sign of life counts if it is the newest, and never later than now', () => {
  const lastSign = (run: OpenRun, signAt: number) => withSignOfLife(run, signAt, 1000).lastSignAt
  assert.deepEqual([lastSign(silentSince(900), 950), lastSign(silentSince(900), 850)], [950, 900])
  assert.deepEqual([lastSign(silentSince(900), 4600), lastSign(silentSince(4600), 0)], [1000, 1000])
  const run = silentSince(900)
  assert.equal(withSignOfLife(run, 900, 1000), run)
})

test('an open run is quiet after a second of silence, if its process was never seen', () => {
  assert.deepEqual([isQuiet(silentSince(999.1), 1000), isQuiet(silentSince(999), 1000)], [false, true])
  assert.equal(isQuiet({ ...silentSince(0), process: '123' }, 1000), false)
  assert.equal(isQuiet(ended({}), 2000), false)
})

test('a run may have just ended within a second after its last sign, which came before it was first seen', () => {
  const cases: readonly (readonly [lastSignAt: number, firstSeenAt: number, now: number, answer: boolean])[] =
    [
      [1000, 1000, 1000.5, true],
      [1000, 1000, 1001, true],
      [1000, 1000, 1001.1, false],
      [1001, 1000, 1001.5, true],
      [1001.1, 1000, 1001.5, false],
      [1000, 1060, 1060, false],
    ]
  for (const [lastSignAt, firstSeenAt, now, answer] of cases) {
    assert.equal(mayHaveJustEnded(silentSince(lastSignAt), firstSeenAt, now), answer, `${lastSignAt}, ${now}`)
  }
  assert.equal(mayHaveJustEnded({ ...silentSince(1000), process: '123' }, 1000, 1000), false)
  assert.equal(mayHaveJustEnded(ended({}), 1010, 1010), false)
})

test('a run that was never seen ended soon after its last sign; one that was seen ends when it is found gone', () => {
  assert.equal(asEnded(silentSince(1000), 1060).endedAt, 1001)
  assert.equal(asEnded(silentSince(1000), 1000.5).endedAt, 1000.5)
  assert.equal(asEnded({ ...silentSince(1000), process: '123' }, 1060).endedAt, 1060)
})

test('the end is near since the newest sign of it, whatever the log says afterwards', () => {
  const lines = [
    ['INFO kopia/cli Snapshotting root@vm:/data/x ...', undefined],
    ['DEBUG uploader uploading\t{"source":"root@vm:/data/x"}', undefined],
    ['INFO kopia/cli Created snapshot with root k4 and ID be3a in 1s', 2],
    ['DEBUG kopia/repo [STORAGE] PutBlob\t{"error":null}', 2],
    ['INFO kopia/cli Snapshotting root@vm:/data/y ...', undefined],
    ['INFO kopia/cli Created snapshot with root k4 and ID be3b in 1s', 5],
    ['DEBUG kopia/repo [STORAGE] Close\t{"error":null}', 6],
    ['ERROR kopia/cli flush error: …', 7],
  ] as const
  const start = Date.parse('2026-11-24T12:00:00Z') / 1000
  let preview = noEvidence
  for (const [second, [line, since]] of lines.entries()) {
    const record = parseRecord(`2026-11-24T12:00:0${second}.000000Z ${line}`)
    assert.ok(record, line)
    preview = addRecord(preview, record)
    const found = nearEndSince({ ...silentSince(start + 60), preview })
    assert.equal(found, since === undefined ? undefined : start + since, line)
  }
})

test('a near end that a log of the future or an older ledger reports is near since the last sign of life', () => {
  const preview = { ...noEvidence, finalError: 'x' }
  assert.equal(nearEndSince({ ...silentSince(1000), preview }), 1000)
  assert.equal(nearEndSince({ ...silentSince(1000), preview: { ...preview, finalErrorAt: 4600 } }), 1000)
  assert.equal(nearEndSince({ ...silentSince(1000), preview: { ...preview, finalErrorAt: 990 } }), 990)
})
