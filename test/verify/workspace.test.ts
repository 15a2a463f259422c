// The private folder of a run: what the copy of the configuration says, what is forgotten, and what is left.

import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { openWorkspace } from '../../agent/verify/workspace.ts'
import { temporaryFolder } from '../support/folder.ts'

async function open(context: TestContext, configuration: object) {
  const folder = await temporaryFolder(context)
  const path = join(folder, 'repository.config')
  await writeFile(path, JSON.stringify(configuration))
  const opened = await openWorkspace(join(folder, 'state'), path)
  if (opened.kind !== 'open') assert.fail(`the workspace is ${opened.kind}`)
  context.after(opened.workspace.close)
  return opened.workspace
}

test('the copy of the configuration writes nothing, passes over no damaged index, and has a cache of its own', async (context) => {
  const storage = { type: 'filesystem', config: { path: '/srv/repo' } }
  const { configurationPath, cacheDirectory } = await open(context, {
    storage,
    caching: { cacheDirectory: 'cache/usual', maxCacheSize: 1e12 },
    permissiveCacheLoading: true,
  })
  const copy = JSON.parse(await readFile(configurationPath, 'utf8'))
  assert.deepEqual(copy.storage, storage)
  assert.deepEqual([copy.readonly, copy.permissiveCacheLoading], [true, false])
  assert.equal(copy.caching.cacheDirectory, cacheDirectory)
  assert.ok(copy.caching.maxCacheSize < 1e9)
  assert.equal((await stat(configurationPath)).mode & 0o777, 0o600)
})

test('contents are forgotten in both caches that Kopia has for them, and directories are kept', async (context) => {
  const { cacheDirectory, forgetContents } = await open(context, {})
  for (const name of ['contents', 'server-contents', 'metadata'])
    await mkdir(join(cacheDirectory, name, 'p0'), { recursive: true })
  await forgetContents()
  assert.deepEqual(
    ['contents', 'server-contents', 'metadata'].filter((name) => existsSync(join(cacheDirectory, name))),
    ['metadata'],
  )
})
