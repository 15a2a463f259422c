// Folders whose file system tells of no writes are looked at again and again.

import assert from 'node:assert/strict'
import { appendFile, mkdir, open } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { watchFolder } from '../../agent/daemon/watch-folder.ts'
import { watchWay } from '../../agent/daemon/watch-way.ts'
import { cleanUpAfter } from '../support/cleanup.ts'
import { temporaryFolder } from '../support/folder.ts'
import { waitFor } from '../support/wait.ts'

test('macOS and the folders of a host are polled, all others report events', () => {
  assert.equal(watchWay('darwin', undefined), 'polling')
  assert.equal(watchWay('linux', '9p'), 'polling')
  assert.equal(watchWay('linux', 'drvfs'), 'polling')
  assert.equal(watchWay('linux', 'ext4'), 'events')
  assert.equal(watchWay('linux', undefined), 'events')
})

test('polling reports a new file, and what is written to it while it stays open', async (context) => {
  const folder = join(await temporaryFolder(context), 'cli-logs')
  await mkdir(folder)
  const hints: string[] = []
  const watch = watchFolder({
    folder,
    isLive: () => true,
    onHint: (fileName) => void hints.push(fileName),
    onGone: () => undefined,
    onError: (error) => assert.fail(String(error)),
    way: 'polling',
  })
  cleanUpAfter(context, watch.close)
  assert.equal(await watch.renew(), true)
  await appendFile(join(folder, 'one.log'), 'begin\n')
  await waitFor('the new file is reported', () => hints.length > 0 || undefined)
  const log = await open(join(folder, 'one.log'), 'a')
  cleanUpAfter(context, () => log.close())
  const before = hints.length
  await log.write('a line\n')
  await waitFor('the line is reported', () => hints.length > before || undefined)
  assert.deepEqual([...new Set(hints)], ['one.log'])
})
