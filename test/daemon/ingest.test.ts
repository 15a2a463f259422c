// Real folders that come, go and break, watched by chokidar.

import assert from 'node:assert/strict'
import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { createFaultGuard } from '../../agent/daemon/faults.ts'
import { createIngest } from '../../agent/daemon/ingest.ts'
import { createLifeSigns } from '../../agent/daemon/life-signs.ts'
import { watchFolder } from '../../agent/daemon/watch-folder.ts'
import { cleanUpAfter } from '../support/cleanup.ts'
import { temporaryFolder } from '../support/folder.ts'
import { createLogRecorder } from '../support/log-recorder.ts'
import { waitFor } from '../support/wait.ts'

async function createSetup(context: TestContext, sweep: () => Promise<void> = async () => undefined) {
  const folder = await temporaryFolder(context)
  const [cliLogs, spoolFolder] = [join(folder, 'cli-logs'), join(folder, 'spool')]
  await mkdir(spoolFolder)
  const log = createLogRecorder()
  const stopping = new AbortController()
  const read: string[] = []
  let looks = 0
  const ingest = createIngest({
    cliLogs,
    spoolFolder,
    tracker: { sweep, read: async (fileName) => void read.push(fileName), isLive: () => true },
    look: async () => {
      looks += 1
    },
    watchdogMs: undefined,
    lifeSigns: createLifeSigns({ alive: async () => undefined }),
    faults: createFaultGuard(log),
    log,
  })
  cleanUpAfter(context, () => {
    stopping.abort()
    return ingest.finish()
  })
  return { ingest, cliLogs, spoolFolder, log, stopping, read, looks: () => looks }
}

test('a log folder that cannot be read fails nothing, is reported once, and the settling goes on', async (context) => {
  const sweep = () => Promise.reject(new Error("EACCES: permission denied, scandir '/logs'"))
  const { ingest, log, looks } = await createSetup(context, sweep)
  for (let times = 0; times < 5; times += 1) await ingest.readEverything()
  assert.equal(looks(), 5)
  assert.deepEqual(log.lines('error'), [
    "Reading Kopia's logs failed, it is tried again: EACCES: permission denied, scandir '/logs'",
  ])
})

test('a folder that appears later is read and watched', async (context) => {
  const { ingest, cliLogs, stopping, read } = await createSetup(context)
  await ingest.startWatching(stopping.signal)
  await mkdir(cliLogs)
  await waitFor('a write is reported', async () => {
    await writeFile(join(cliLogs, 'one.log'), `${Date.now()}`)
    return read.includes('one.log') || undefined
  })
})

test('an event in the spool is a reason to look, and none is after the end', async (context) => {
  const { ingest, spoolFolder, stopping, looks } = await createSetup(context)
  await ingest.startWatching(stopping.signal)
  const before = looks()
  await writeFile(join(spoolFolder, 'a.event'), '')
  await waitFor('a look', () => looks() > before || undefined)
  stopping.abort()
  await ingest.finish()
  const atEnd = looks()
  await writeFile(join(spoolFolder, 'b.event'), '')
  await ingest.startWatching(stopping.signal)
  assert.equal(looks(), atEnd)
})

test('a watch of a folder that cannot be looked at ends, and begins anew once it can be', async (context) => {
  const parent = join(await temporaryFolder(context), 'kopia')
  const folder = join(parent, 'cli-logs')
  await mkdir(folder, { recursive: true })
  const hints: string[] = []
  const watch = watchFolder({
    folder,
    isLive: () => true,
    onHint: (fileName) => void hints.push(fileName),
    onGone: () => undefined,
    onError: (error) => assert.fail(String(error)),
  })
  cleanUpAfter(context, watch.close)
  assert.equal(await watch.renew(), true)
  await rename(parent, `${parent}.away`)
  // ELOOP stands for all errors that are not the absence of the folder: root may read everything.
  await symlink(parent, parent)
  await assert.rejects(watch.renew(), /ELOOP/)
  assert.equal(watch.isThere(), false)
  await rm(parent)
  assert.equal(await watch.renew(), false)
  await rename(`${parent}.away`, parent)
  assert.equal(await watch.renew(), true)
  await waitFor('a write is reported again', async () => {
    await writeFile(join(folder, 'two.log'), `${Date.now()}`)
    return hints.includes('two.log') || undefined
  })
})
