import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { appendFile, mkdir, symlink, truncate, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { readSegment, type SegmentPart, type SegmentStart } from '../../../agent/kopia/log/segment-reader.ts'
import { temporaryFolder } from '../../support/folder.ts'

const line = (second: number, text: string) => `2026-11-24T12:00:0${second}.000000Z INFO kopia/cli ${text}\n`
const blob = '2026-11-24T12:00:00.000000Z DEBUG kopia/repo [STORAGE] PutBlob\t{"error":null}\n'

async function readAll(path: string, from: Partial<SegmentStart> = {}): Promise<readonly SegmentPart[]> {
  const parts: SegmentPart[] = []
  const start = { path, command: 'snapshot-create', offset: 0, lastRecord: 'may continue', ...from } as const
  for await (const part of readSegment(start)) parts.push(part)
  return parts
}

const textsOf = (records: SegmentPart['records']) => records.map(({ message }) => message)

test('the next read begins with the last record, which may have been continued', async (context) => {
  const path = join(await temporaryFolder(context), 'log')
  await writeFile(path, line(1, 'first') + line(2, 'second'))
  await utimes(path, 1000, 1000)
  const [first, ...others] = await readAll(path)
  assert.ok(first)
  assert.deepEqual(others, [])
  assert.deepEqual([textsOf(first.records), textsOf(first.incomplete)], [['first'], ['second']])
  assert.deepEqual([first.size, first.modifiedAt], [first.offset + line(2, 'second').length, 1000])
  await appendFile(path, `continued\n${line(3, 'third')}`)
  const [second] = await readAll(path, { offset: first.offset, lastRecord: 'complete' })
  assert.deepEqual(second && textsOf(second.records), ['second\ncontinued', 'third'])
  assert.deepEqual(second?.incomplete, [])
})

test('a segment without news yields one empty part, also after it was truncated', async (context) => {
  const path = join(await temporaryFolder(context), 'log')
  await writeFile(path, line(1, 'first'))
  const { length } = line(1, 'first')
  for (const size of [length, 3, 0]) {
    await truncate(path, size)
    const parts = await readAll(path, { offset: length })
    assert.deepEqual(
      parts.map(({ records, incomplete, offset }) => [records, incomplete, offset]),
      [[[], [], length]],
    )
  }
})

test('a segment that is longer than a chunk is read in parts, each record once', async (context) => {
  const path = join(await temporaryFolder(context), 'log')
  const middle = blob.repeat(5_000_000 / blob.length)
  await writeFile(path, line(1, 'first') + middle + line(2, 'second') + middle + line(3, 'third'))
  const parts = await readAll(path, { lastRecord: 'complete' })
  assert.equal(parts.length, 3)
  assert.deepEqual(
    parts.flatMap(({ records }) => textsOf(records)),
    ['first', 'second', 'third'],
  )
})

test('a pipe, a folder and a symlink are refused at once', async (context) => {
  const folder = await temporaryFolder(context)
  execFileSync('mkfifo', [join(folder, 'pipe')])
  await mkdir(join(folder, 'folder'))
  await writeFile(join(folder, 'log'), line(1, 'first'))
  await symlink('log', join(folder, 'symlink'))
  for (const name of ['pipe', 'folder'])
    await assert.rejects(readAll(join(folder, name)), /not a regular file/)
  await assert.rejects(readAll(join(folder, 'symlink')), { code: 'ELOOP' })
})
