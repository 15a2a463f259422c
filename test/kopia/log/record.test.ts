import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseRecord } from '../../../agent/kopia/log/record.ts'

test('structured fields follow a tab', () => {
  const record = parseRecord(
    '2026-11-24T11:36:47.347300Z DEBUG uploader uploading\t{"source":"root@vm:/a\\tb"}',
  )
  assert.equal(record?.message, 'uploading')
  assert.deepEqual(record?.fields, { source: 'root@vm:/a\tb' })
})

test('a tab without fields behind it belongs to the message', () => {
  const record = parseRecord('2026-11-24T11:36:47.347300Z INFO kopia/cli Snapshotting root@vm:/a\t{b ...')
  assert.equal(record?.message, 'Snapshotting root@vm:/a\t{b ...')
})

test('any other text is not a record', () => {
  for (const text of ['', 'upload error', '{"l":"INFO"}', '{broken', '2026-99-99T99:99:99Z INFO a b', '[]']) {
    assert.equal(parseRecord(text), undefined, text)
  }
})
