import assert from 'node:assert/strict'
import { chmod, chown, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { prepareSpool, prepareStateDirectory } from '../../agent/ledger/state-directory.ts'
import { temporaryFolder } from '../support/folder.ts'

const modeOf = async (path: string) => ((await stat(path)).mode & 0o777).toString(8)

test('folders are created for their owner alone, and read access to existing ones is taken away', async (context) => {
  const state = join(await temporaryFolder(context), 'a', 'state')
  await prepareStateDirectory(state)
  await prepareSpool(join(state, 'spool'))
  assert.deepEqual([await modeOf(state), await modeOf(join(state, 'spool'))], ['700', '700'])
  await chmod(state, 0o755)
  await prepareStateDirectory(state)
  // Others may pass to the directories of agents with a name.
  assert.equal(await modeOf(state), '751')
  await prepareSpool(state)
  assert.equal(await modeOf(state), '750')
})

test('a folder that others can write to is refused, with the command that repairs it', async (context) => {
  const state = await temporaryFolder(context)
  await chmod(state, 0o777)
  const message = `others can write to ${state} (its mode is 777): see what is in it, then run chmod 700 '${state}'`
  await assert.rejects(prepareStateDirectory(state), { message })
  await assert.rejects(prepareSpool(state), { message })
  await chmod(state, 0o770)
  await assert.rejects(prepareStateDirectory(state), /its mode is 770/)
  await prepareSpool(state)
})

test('a folder that belongs to another user is refused', {
  skip: process.getuid?.() !== 0,
}, async (context) => {
  const state = await temporaryFolder(context)
  await chown(state, 12_345, 0)
  await assert.rejects(
    prepareStateDirectory(state),
    /belongs to user 12345, expected 0 or root: run chown 0 '/,
  )
})
