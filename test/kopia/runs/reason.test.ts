import assert from 'node:assert/strict'
import { test } from 'node:test'
import { commandReason, type ReasonFacts, reasonOf } from '../../../agent/kopia/runs/reason.ts'

const sourceAt = (path: string) => ({ user: 'root', host: 'vm', path })
const source = sourceAt('/data')
const noon = Date.parse('2026-11-24T12:03:11.9Z') / 1000

function failed(facts: Partial<ReasonFacts>): string | undefined {
  return reasonOf({ source, outcome: 'failed', ...facts })
}

function snapshot(change: Partial<NonNullable<ReasonFacts['snapshot']>>): Pick<ReasonFacts, 'snapshot'> {
  return { snapshot: { incomplete: undefined, fatalErrors: 0, ignoredErrors: 0, ...change } }
}

test('a success has no reason', () => {
  assert.equal(reasonOf({ source, outcome: 'success', finalError: 'of another source' }), undefined)
})

test('a run of one source failed for its final error', () => {
  assert.equal(
    failed({ finalError: 'upload error: exit status 3' }),
    'Kopia ended with: upload error: exit status 3',
  )
  assert.equal(
    failed({
      finalError:
        'encountered 2 errors:\nfailed to prepare source: lstat /data: no such file or directory\n' +
        'upload error: unsupported source: root@vm:/data',
    }),
    'Kopia ended with: failed to prepare source: lstat /data: no such file or directory; ' +
      'upload error: unsupported source: root@vm:/data',
  )
})

/** As Kopia 0.23.1 wrote it for four sources. */
const severalErrors =
  'encountered 4 errors:\n' +
  'Found 7 fatal error(s) while snapshotting root@vm:/data/photos.\n' +
  'upload error: exit status 3\n' +
  'failed to prepare source: unable to get local filesystem entry: lstat /missing: no such file or directory\n' +
  'upload error: unsupported source: root@vm:/missing'

test('of the errors of several sources, each source has those that name it, else those that name no other', () => {
  const paths = ['/data', '/data/photos', '/missing']
  const reasonFor = (path: string) =>
    reasonOf({
      source: sourceAt(path),
      outcome: 'failed',
      otherSources: paths.filter((other) => other !== path).map(sourceAt),
      finalError: severalErrors,
    })
  assert.deepEqual(paths.map(reasonFor), [
    'Kopia ended with: upload error: exit status 3',
    'Kopia ended with: Found 7 fatal error(s) while snapshotting root@vm:/data/photos.',
    'Kopia ended with: failed to prepare source: unable to get local filesystem entry: lstat /missing: ' +
      'no such file or directory; upload error: unsupported source: root@vm:/missing',
  ])
})

test("another source's error is not the reason", () => {
  assert.equal(
    failed({
      otherSources: [sourceAt('/data/photos')],
      finalError: 'Found 1 fatal error(s) while snapshotting root@vm:/data/photos.',
      missingSnapshotId: 'beef',
    }),
    'Kopia reported the snapshot beef, but the repository does not hold it',
  )
})

test('an error of the flush names no source, and concerns each whose snapshot is missing', () => {
  assert.equal(
    failed({
      otherSources: [sourceAt('/other')],
      finalError: 'flush error: error writing pack: disk full',
      missingSnapshotId: 'beef',
    }),
    'Kopia ended with: flush error: error writing pack: disk full; ' +
      'Kopia reported the snapshot beef, but the repository does not hold it',
  )
})

test("a server's error is told without its prefix, and the exit code of an action with it", () => {
  assert.equal(
    failed({ serverError: 'snapshot error: snapshot task: upload error: exit status 3' }),
    "Kopia's server reported: upload error: exit status 3",
  )
  assert.equal(
    failed({
      finalError: 'upload error: exit status 1',
      failedAction: { action: 'before', exitCode: 17 },
    }),
    'Kopia ended with: upload error: exit status 1 (its before-action ended with exit code 17)',
  )
  assert.equal(
    failed({ failedAction: { action: 'before', exitCode: 17 } }),
    'its before-action ended with exit code 17',
  )
})

test('unreadable files are counted, and the first are named with the cause', () => {
  const errors = [
    { path: 'a/b', error: 'unable to open file: open /data/a/b: permission denied' },
    { path: 'c\nd', error: 'input/output error' },
  ]
  assert.equal(
    failed({
      ...snapshot({ fatalErrors: 3, errors }),
      finalError: 'Found 3 fatal error(s) while snapshotting root@vm:/data.',
    }),
    '3 files could not be read: a/b (permission denied), c\\nd (input/output error), …',
  )
  assert.equal(failed(snapshot({ fatalErrors: 1 })), '1 file could not be read')
  assert.equal(
    failed(snapshot({ fatalErrors: 1, ignoredErrors: 1, errors })),
    '1 file could not be read, and 1 more that the policy ignores: ' +
      'a/b (permission denied), c\\nd (input/output error)',
  )
  const long = { path: `x/${'y'.repeat(200)}/end`, error: 'z'.repeat(200) }
  const reason = failed(snapshot({ fatalErrors: 3, errors: [long, long, long] })) ?? ''
  assert.ok(reason.length <= 300, reason)
  assert.match(reason, /^3 files could not be read: …y+\/end \(z+…\), /)
})

test('a killed run has the time at which its log stops', () => {
  assert.equal(
    failed({ logStop: { at: noon, process: 'gone' } }),
    'its log stops at 12:03:11 UTC: the process was killed, or the machine went down',
  )
  assert.equal(
    failed({
      ...snapshot({ incomplete: 'checkpoint' }),
      logStop: { at: noon, lastMessage: 'Snapshotting root@vm:/data ...', process: 'gone' },
    }),
    'its log stops at 12:03:11 UTC, after "Snapshotting root@vm:/data ...": the process was killed, or the ' +
      'machine went down; the repository holds a checkpoint only',
  )
  assert.equal(
    failed({ logStop: { at: noon, process: 'unseen' } }),
    'its log stops at 12:03:11 UTC, and the agent cannot see whether its process runs on',
  )
})

test('an incomplete snapshot has the reason that Kopia gives', () => {
  const incomplete = (facts: Partial<ReasonFacts>) => reasonOf({ source, outcome: 'incomplete', ...facts })
  assert.equal(
    incomplete(snapshot({ incomplete: 'canceled' })),
    'Kopia was stopped before the snapshot was complete (canceled)',
  )
  assert.equal(
    incomplete(snapshot({ incomplete: 'limit reached' })),
    'Kopia stopped at its upload limit before the snapshot was complete (limit reached)',
  )
  assert.equal(incomplete({}), 'Kopia was stopped before the snapshot was complete')
})

test('without any word of Kopia, the missing snapshot is the reason', () => {
  assert.equal(failed({}), 'Kopia reported no result, and the repository holds no snapshot of it')
})

test('a command has a reason of its own', () => {
  assert.equal(
    commandReason({ finalError: 'open repository: invalid repository password' }),
    'Kopia ended with: open repository: invalid repository password',
  )
  assert.equal(
    commandReason({ logStop: { at: noon, process: 'gone' } }),
    'its log stops at 12:03:11 UTC: the process was killed, or the machine went down',
  )
  assert.match(commandReason({ finalError: severalErrors }), /^Kopia ended with: Found 7 fatal error\(s\)/)
})

test('a reason holds no secret and no control character, wherever a text is divided or shortened', () => {
  assert.equal(
    failed({ finalError: 'open repository: Get "https://anna:hunter2@dav/": \u001b[31mEOF' }),
    'Kopia ended with: open repository: Get "https://***@dav/": \\u{1b}[31mEOF',
  )
  const secret = 'hunter'.repeat(20)
  const errors = [
    { path: `a/token=${secret}`, error: `mount: password: ${secret}` },
    { path: 'b', error: `dial https://anna:${secret}@nas` },
  ]
  const reasons = [
    failed(snapshot({ fatalErrors: 2, errors })),
    failed({ logStop: { at: noon, lastMessage: `dial https://anna:${secret}@nas`, process: 'gone' } }),
    failed({
      finalError: `encountered 2 errors:\n-----BEGIN PRIVATE KEY-----\n${secret}\n/data: -----END PRIVATE KEY-----`,
    }),
  ]
  for (const reason of reasons) {
    assert.match(reason ?? '', /\*\*\*/)
    assert.doesNotMatch(reason ?? '', /hunter/)
  }
})
