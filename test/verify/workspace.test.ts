// The private folder of a run: what is in it, for whom, and that nothing of it remains.

import assert from 'node:assert/strict'
import { chmod, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { takeLock } from '../../agent/ledger/lock.ts'
import { openWorkspace, removeLeftovers, type Workspace } from '../../agent/verify/workspace.ts'
import { temporaryFolder } from '../support/folder.ts'

const configuration = {
  storage: { type: 'filesystem', config: { path: '/repository' } },
  caching: { cacheDirectory: '../cache', maxCacheSize: 5_242_880_000, maxListCacheDuration: 30 },
  hostname: 'vm',
  username: 'root',
  permissiveCacheLoading: true,
}

async function setup(context: TestContext) {
  const folder = await temporaryFolder(context)
  const stateDirectory = join(folder, 'state')
  await mkdir(stateDirectory, { mode: 0o700 })
  const path = join(folder, 'repository.config')
  await writeFile(path, JSON.stringify(configuration))
  return { stateDirectory, path }
}

async function opened(stateDirectory: string, path: string): Promise<Workspace> {
  const result = await openWorkspace(stateDirectory, path)
  if (result.kind !== 'open') assert.fail(`held by ${result.processId}`)
  return result.workspace
}

async function modeOf(path: string): Promise<string> {
  return ((await stat(path)).mode & 0o777).toString(8)
}

test('the copy of the configuration is read-only for Kopia, has an empty cache, and nobody else can read it', async (context) => {
  const { stateDirectory, path } = await setup(context)
  await writeFile(`${path}.kopia-password`, 'c2VjcmV0')
  const workspace = await opened(stateDirectory, path)
  const copy = JSON.parse(await readFile(workspace.configurationPath, 'utf8'))
  assert.deepEqual(copy.storage, configuration.storage)
  assert.deepEqual([copy.hostname, copy.username, copy.readonly], ['vm', 'root', true])
  assert.equal(copy.permissiveCacheLoading, false, 'an index that cannot be read is not passed over')
  assert.equal(copy.caching.cacheDirectory, workspace.cacheDirectory)
  assert.deepEqual(await readdir(workspace.cacheDirectory), [])
  const password = `${workspace.configurationPath}.kopia-password`
  assert.equal(await readFile(password, 'utf8'), 'c2VjcmV0')
  for (const file of [workspace.configurationPath, password]) assert.equal(await modeOf(file), '600')
  for (const inside of [workspace.cacheDirectory, workspace.restoreFolder]) {
    assert.equal(await modeOf(inside), '700')
  }
  await workspace.close()
  assert.deepEqual(await readdir(join(stateDirectory, 'verify')), [])
  assert.equal(JSON.parse(await readFile(path, 'utf8')).caching.cacheDirectory, '../cache')
})

test('while another process verifies there is no second run, and nothing of the first is removed', async (context) => {
  const { stateDirectory, path } = await setup(context)
  const work = join(stateDirectory, 'verify', 'work')
  await mkdir(work, { recursive: true, mode: 0o700 })
  const lock = await takeLock(join(stateDirectory, 'verify'), process.ppid)
  if (lock.kind !== 'taken') assert.fail('the lock is free')
  assert.deepEqual(await openWorkspace(stateDirectory, path), { kind: 'held', processId: process.ppid })
  await removeLeftovers(stateDirectory)
  assert.equal(await modeOf(work), '700')
  await lock.release()
  await (await opened(stateDirectory, path)).close()
})

test('what a killed run has left is removed at the next start, and before the next run', async (context) => {
  const { stateDirectory, path } = await setup(context)
  const work = join(stateDirectory, 'verify', 'work')
  const leave = async () => {
    await mkdir(join(work, 'restored', 'deep'), { recursive: true, mode: 0o700 })
    await writeFile(join(work, 'restored', 'file'), 'a secret')
    await chmod(join(work, 'restored', 'deep'), 0o500)
    // The lock of a process that is gone.
    await writeFile(join(stateDirectory, 'verify', 'agent.pid'), '4194305\n')
  }
  await leave()
  await removeLeftovers(stateDirectory)
  assert.deepEqual(await readdir(join(stateDirectory, 'verify')), [])
  await leave()
  const workspace = await opened(stateDirectory, path)
  assert.deepEqual(await readdir(workspace.restoreFolder), [])
  await workspace.close()
})

test('without a run there is no folder, and none is made to look for leftovers', async (context) => {
  const { stateDirectory } = await setup(context)
  await removeLeftovers(stateDirectory)
  assert.deepEqual(await readdir(stateDirectory), [])
})

test('a configuration that is missing or broken is told, and leaves nothing', async (context) => {
  const { stateDirectory, path } = await setup(context)
  await assert.rejects(
    openWorkspace(stateDirectory, `${path}.missing`),
    /configuration .*missing can't be copied: ENOENT/,
  )
  await writeFile(path, 'no JSON')
  await assert.rejects(openWorkspace(stateDirectory, path), /can't be copied: expected JSON/)
  assert.deepEqual(await readdir(join(stateDirectory, 'verify')), [])
})

test('the contents that were read are forgotten, the directories are not', async (context) => {
  const { stateDirectory, path } = await setup(context)
  const workspace = await opened(stateDirectory, path)
  for (const name of ['contents', 'server-contents', 'metadata']) {
    await mkdir(join(workspace.cacheDirectory, name))
    await writeFile(join(workspace.cacheDirectory, name, 'x'), 'x')
  }
  await workspace.forgetContents()
  assert.deepEqual(await readdir(workspace.cacheDirectory), ['metadata'])
  await workspace.close()
})
