import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseRecord } from '../../../agent/kopia/log/record.ts'
import { addRecord } from '../../../agent/kopia/runs/add-record.ts'
import { type Attempt, noEvidence } from '../../../agent/kopia/runs/evidence.ts'
import { type EndedRun, newRun, type OpenRun } from '../../../agent/kopia/runs/run.ts'
import {
  asEnded,
  hasEndedUnread,
  isInvisible,
  isQuiet,
  mayHaveJustEnded,
  nearEndSince,
  whyEnded,
} from '../../../agent/kopia/runs/run-end.ts'

const source = { user: 'root', host: 'vm', path: '/data/x' }
const attempt: Attempt = { source, origin: 'command', startedAt: 1 }
const open = newRun(42, 'snapshot-create')
const server = newRun(42, 'server-start')
const silentSince = (lastSignAt: number): OpenRun => ({ ...open, lastSignAt })

function ended(change: Partial<EndedRun>): EndedRun {
  return { ...open, state: 'ended', endedAt: 1010, lastSignAt: 1010, ...change }
}

const week = 7 * 24 * 3600
const noFacts = {
  silentSeconds: 0,
  isKnownToBeGone: false,
  isSuperseded: false,
  longestSuccessSeconds: undefined,
}
const why = (run: OpenRun, facts: Partial<Parameters<typeof whyEnded>[1]>) =>
  whyEnded(run, { ...noFacts, ...facts })

test('a run ends for certain by its final error, by its process that is gone, or by a closed repository and a second of silence', () => {
  const failed = { ...open, preview: { ...noEvidence, finalError: 'open repository: …' } }
  const closed = { ...open, preview: { ...noEvidence, repository: 'closed' } } as const
  assert.equal(why(failed, {}), 'certain')
  assert.equal(why({ ...open, process: '123' }, {}), 'certain')
  assert.equal(why(open, { isKnownToBeGone: true }), 'certain')
  assert.deepEqual(
    [0.9, 1].map((silentSeconds) => why(closed, { silentSeconds })),
    [undefined, 'certain'],
  )
})

test('neither a result nor an open repository and silence end a run whose process was never seen', () => {
  const reportedResult = { kind: 'created', snapshotId: 'be3a' } as const
  const reported = { ...open, preview: { ...noEvidence, attempts: [{ ...attempt, reportedResult }] } }
  const opened = { ...open, preview: { ...noEvidence, repository: 'opened' } } as const
  for (const run of [open, reported, opened]) assert.equal(why(run, { silentSeconds: 3599 }), undefined)
})

test('silence ends a run after three times the longest good backup, and after an hour at the earliest', () => {
  const ends = (longestSuccessSeconds: number | undefined, silentSeconds: number) =>
    why(open, { longestSuccessSeconds, silentSeconds })
  assert.deepEqual([ends(undefined, 3599), ends(undefined, 3600)], [undefined, 'silence'])
  assert.deepEqual([ends(1000, 3599), ends(1000, 3600)], [undefined, 'silence'])
  assert.deepEqual([ends(7200, 21_599), ends(7200, 21_600)], [undefined, 'silence'])
})

test('an empty log ends soon, since it fails no attempt and the repository is to be asked', () => {
  const empty = { ...open, readBytes: { 'kopia.0.log': 0 } }
  assert.deepEqual(
    [9.9, 10].map((silentSeconds) => why(empty, { silentSeconds })),
    [undefined, 'silence'],
  )
  assert.equal(why({ ...empty, readBytes: { 'kopia.0.log': 1 } }, { silentSeconds: 10 }), undefined)
})

test('a later run of one of its sources ends a silent run at once', () => {
  assert.equal(why(open, { isSuperseded: true }), 'silence')
})

test('a server never ends by silence, by a closed repository or by a later run', () => {
  const closed = { ...server, preview: { ...noEvidence, repository: 'closed' } } as const
  for (const run of [server, closed])
    assert.equal(why(run, { silentSeconds: week, isSuperseded: true, longestSuccessSeconds: 1 }), undefined)
  assert.equal(why({ ...server, process: '123' }, {}), 'certain')
  assert.equal(why(server, { isKnownToBeGone: true }), 'certain')
  assert.equal(why({ ...server, preview: { ...noEvidence, finalError: 'x' } }, {}), 'certain')
})

test('a run of which a segment cannot be read ends after a minute', () => {
  assert.deepEqual([hasEndedUnread(59), hasEndedUnread(60)], [false, true])
})

test('a run is invisible once it writes after its process was looked for in vain', () => {
  const unseenAt = 1000
  assert.equal(isInvisible({ ...silentSince(1000.5), unseenAt }), false)
  assert.equal(isInvisible({ ...silentSince(1000.6), unseenAt }), true)
  assert.equal(isInvisible({ ...silentSince(1000.6), unseenAt, process: '123' }), false)
  assert.equal(isInvisible(silentSince(2000)), false)
})

test('an open run is quiet after a second of silence, if its process was never seen', () => {
  assert.deepEqual([isQuiet(silentSince(999.1), 1000), isQuiet(silentSince(999), 1000)], [false, true])
  assert.equal(isQuiet({ ...silentSince(0), process: '123' }, 1000), false)
  assert.equal(isQuiet(server, 1000), false)
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

test('a run that was not watched ended soon after its last sign; one that was ends when it is found gone', () => {
  const end = (run: OpenRun, nowSeconds: number, seenAliveAt?: number) =>
    asEnded(run, { nowSeconds, seenAliveAt }).endedAt
  assert.equal(end(silentSince(1000), 1060), 1001)
  assert.equal(end(silentSince(1000), 1000.5), 1000.5)
  const seen = { ...silentSince(1000), process: '123' }
  assert.equal(end(seen, 1060, 1059.5), 1060)
  assert.equal(end(seen, 1060, 1050), 1060)
})

test('after a power loss or while the agent was down, a run ended soon after its last sign or look', () => {
  const end = (nowSeconds: number, seenAliveAt?: number) =>
    asEnded({ ...silentSince(1000), process: '123' }, { nowSeconds, seenAliveAt }).endedAt
  const hours62 = 62 * 3600
  assert.equal(end(1000 + hours62), 1001)
  assert.equal(end(1000 + hours62, 1030), 1031)
  assert.equal(end(1060, 1049.9), 1050.9)
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
