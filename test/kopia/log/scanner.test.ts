import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LogRecord } from '../../../agent/kopia/log/record.ts'
import { scan, scanToEnd } from '../../../agent/kopia/log/scanner.ts'

const command = 'server-start'

const text = Buffer.from(
  [
    '2026-11-24T12:50:53.115275Z INFO kopia/cli Snapshotting root@vm:/data/photos ...',
    '2026-11-24T12:50:53.115919Z DEBUG uploader uploading\t{"source":"root@vm:/data/photos","previousManifests":0}',
    '2026-11-24T12:50:53.117657Z DEBUG kopia/repo [STORAGE] PutBlob\t{"blobID":"s1","error":null}',
    '2026-11-24T12:50:53.119701Z DEBUG uploader snapshotted directory\t{"path":".","dur":"3.7ms","errors":0}',
    '2026-11-24T12:50:53.120137Z INFO kopia/cli Created snapshot with root k4 and ID be3a in 0s',
    '2026-11-24T12:50:53.132192Z DEBUG kopia/repo [STORAGE] Close\t{"error":null}',
    '2026-11-24T12:50:54.000000Z ERROR kopia/cli encountered 2 errors:',
    'failed to prepare source: lstat /data/x: no such file or directory',
    'upload error: unsupported source: root@vm:/data/x',
    '',
  ].join('\n'),
)

function messages(records: readonly LogRecord[]): readonly string[] {
  return records.map((record) => record.message)
}

test('only the records that matter are read, with their continuation lines', () => {
  const { records, consumedBytes } = scanToEnd(text, command)
  assert.deepEqual(messages(records), [
    'Snapshotting root@vm:/data/photos ...',
    'uploading',
    'snapshotted directory',
    'Created snapshot with root k4 and ID be3a in 0s',
    '[STORAGE] Close',
    'encountered 2 errors:\nfailed to prepare source: lstat /data/x: no such file or directory\n' +
      'upload error: unsupported source: root@vm:/data/x',
  ])
  assert.equal(consumedBytes, text.length)
})

test('the last record is left until it is complete', () => {
  const { records, consumedBytes } = scan(text, command)
  assert.equal(records.length, 5)
  assert.equal(
    text.subarray(consumedBytes).toString().split('\n')[0],
    '2026-11-24T12:50:54.000000Z ERROR kopia/cli encountered 2 errors:',
  )
})

test('a log that is cut at any byte and read on later gives the same records', () => {
  const whole = messages(scanToEnd(text, command).records)
  for (let cut = 0; cut <= text.length; cut += 1) {
    const first = scan(text.subarray(0, cut), command)
    const second = scanToEnd(text.subarray(first.consumedBytes), command)
    assert.deepEqual([...messages(first.records), ...messages(second.records)], whole, `cut at byte ${cut}`)
  }
})

test('a JSON log gives the same as a text log', () => {
  const json = Buffer.from(
    '{"l":"INFO","t":"2026-11-24T12:50:53.115275Z","n":"kopia/cli","m":"Snapshotting root@vm:/a\\nb ..."}\n' +
      '{"l":"DEBUG","t":"2026-11-24T12:50:53.119701Z","n":"uploader","m":"snapshotted directory","path":".","dur":"3.7ms","errors":1}\n',
  )
  const [snapshotting, directory] = scanToEnd(json, command).records
  assert.equal(snapshotting?.message, 'Snapshotting root@vm:/a\nb ...')
  assert.deepEqual(directory?.fields, { path: '.', dur: '3.7ms', errors: 1 })
})

test('binary data gives no records and is skipped', () => {
  const rubbish = Buffer.from(Array.from({ length: 10_000 }, (_, index) => (index * 7919) % 256))
  assert.deepEqual(scanToEnd(rubbish, command), { records: [], consumedBytes: rubbish.length })
})
