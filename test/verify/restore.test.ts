// A restored file is compared with the file itself where that has not changed, and never leads anywhere else.

import assert from 'node:assert/strict'
import { lstat, mkdir, readdir, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { Entry, RepositoryReader } from '../../agent/kopia/cli/repository-reader.ts'
import { livePathOf } from '../../agent/verify/live-file.ts'
import { restoreAndCompare } from '../../agent/verify/restore.ts'
import { temporaryFolder } from '../support/folder.ts'

const ok = { ok: true, value: undefined } as const

/** A repository that has `content` for every object. */
function readerOf(content: Buffer): Pick<RepositoryReader, 'readObject' | 'restoreFile'> {
  return {
    readObject: async (_, onChunk) => {
      onChunk(content.subarray(0, 3))
      onChunk(content.subarray(3))
      return ok
    },
    restoreFile: async (_, target) => {
      await writeFile(target, content)
      return ok
    },
  }
}

async function setup(context: TestContext) {
  const folder = await temporaryFolder(context)
  const restoreFolder = join(folder, 'restored')
  await mkdir(restoreFolder)
  return {
    livePath: join(folder, 'live'),
    workspace: { restoreFolder, forgetContents: async () => undefined },
  }
}

async function entryOf(path: string, change: Partial<Entry> = {}): Promise<Entry> {
  const stats = await lstat(path, { bigint: true })
  return {
    name: 'live',
    type: stats.isSymbolicLink() ? 'symlink' : 'file',
    objectId: 'abc',
    sizeBytes: Number(stats.size),
    files: 1,
    modifiedNs: stats.mtimeNs,
    ...change,
  }
}

test('the file itself has the same bytes', async (context) => {
  const { livePath, workspace } = await setup(context)
  const content = Buffer.alloc(600_001, 'content ')
  await writeFile(livePath, content)
  const result = await restoreAndCompare(await entryOf(livePath), {
    reader: readerOf(content),
    workspace,
    livePath,
  })
  assert.deepEqual(result, { kind: 'restored', readBytes: 1_200_002 })
  assert.deepEqual(await readdir(workspace.restoreFolder), [])
})

test('other bytes in the file itself, unchanged by time and size, are a difference', async (context) => {
  const { livePath, workspace } = await setup(context)
  const content = Buffer.alloc(600_000, 'x')
  const rotten = Buffer.from(content)
  rotten.writeUInt8(0, 599_999)
  await writeFile(livePath, rotten)
  const result = await restoreAndCompare(await entryOf(livePath), {
    reader: readerOf(content),
    workspace,
    livePath,
  })
  assert.equal(result.kind, 'differs')
})

test('a file that was changed, replaced or deleted since says nothing', async (context) => {
  const { livePath, workspace } = await setup(context)
  const content = Buffer.from('as it was')
  await writeFile(livePath, 'is now so')
  const restore = async (entry: Entry) =>
    (await restoreAndCompare(entry, { reader: readerOf(content), workspace, livePath })).kind
  const entry = await entryOf(livePath)
  const { atime, mtime } = await stat(livePath)
  await utimes(livePath, atime, new Date(mtime.getTime() + 1000))
  assert.equal(await restore(entry), 'restored')
  await rm(livePath)
  assert.equal(await restore(entry), 'restored')
  await mkdir(livePath)
  assert.equal(await restore(entry), 'restored')
  await rm(livePath, { recursive: true })
  await symlink('/etc/passwd', livePath)
  assert.equal(
    await restore(await entryOf(livePath, { type: 'file', sizeBytes: content.length })),
    'restored',
  )
})

test('a link is compared as a link, whatever it leads to, and none that cannot be made is good', async (context) => {
  const { livePath, workspace } = await setup(context)
  for (const target of ['/etc/passwd', '../../nowhere', '.']) {
    await rm(livePath, { force: true })
    await symlink(target, livePath)
    const entry = await entryOf(livePath)
    const same = { reader: readerOf(Buffer.from(target)), workspace, livePath }
    assert.deepEqual((await restoreAndCompare(entry, same)).kind, 'restored', target)
    const other = { reader: readerOf(Buffer.from('elsewhere')), workspace, livePath }
    assert.deepEqual((await restoreAndCompare(entry, other)).kind, 'differs', target)
  }
  const entry = await entryOf(livePath)
  for (const bytes of [Buffer.alloc(0), Buffer.from('a\0b'), Buffer.alloc(5000, 'x')]) {
    const options = { reader: readerOf(bytes), workspace, livePath: undefined }
    assert.equal((await restoreAndCompare(entry, options)).kind, 'differs')
  }
  assert.deepEqual(await readdir(workspace.restoreFolder), [])
})

test('no name of a snapshot leads out of its source', () => {
  assert.equal(livePathOf('/data', []), '/data')
  assert.equal(livePathOf('/data', ['a', '..x', 'b\nc', '-rf']), '/data/a/..x/b\nc/-rf')
  for (const name of ['..', '.', '', 'a/b', '/etc', 'a\0', 'a\\b']) {
    assert.equal(livePathOf('/data', ['a', name]), undefined, JSON.stringify(name))
  }
})

test('what cannot be read is a failure, and leaves nothing', async (context) => {
  const { livePath, workspace } = await setup(context)
  const failure = { kind: 'checksum', reason: 'invalid checksum' } as const
  const content = Buffer.from('content')
  await writeFile(livePath, content)
  const entry = await entryOf(livePath)
  const half = readerOf(content)
  const broken = {
    ...half,
    restoreFile: async (_: string, target: string) => {
      await writeFile(target, 'half')
      return { ok: false, failure } as const
    },
  }
  const result = await restoreAndCompare(entry, { reader: broken, workspace, livePath })
  assert.deepEqual(result, { kind: 'failed', failure })
  assert.deepEqual(await readdir(workspace.restoreFolder), [])
})
