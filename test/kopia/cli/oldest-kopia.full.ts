// Every question of the agent to the oldest Kopia that the tests build, which has no --disable-file-logging.

import assert from 'node:assert/strict'
import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { createKopia } from '../../../agent/kopia/cli/client.ts'
import { temporaryFolder } from '../../support/folder.ts'
import { createKopiaLab } from '../../support/kopia.ts'
import { tool } from '../../support/tools.ts'

process.env.KOPIA_VERSION = 'v0.19.0'

test('all questions are answered, and none of them leaves a log beside those of backups', async (context) => {
  const folder = await temporaryFolder(context)
  const lab = await createKopiaLab(join(folder, 'kopia'), join(folder, 'state'))
  const source = join(folder, 'source')
  await mkdir(source)
  await lab.must('snapshot', 'create', source)
  const cliLogs = join(lab.logDirectory, 'cli-logs')
  const before = await readdir(cliLogs)
  const failed: string[] = []
  const kopia = createKopia({
    binary: tool('kopia'),
    configPath: lab.environment.KOPIA_CONFIG_PATH ?? '',
    password: lab.environment.KOPIA_PASSWORD ?? '',
    logDirectory: lab.logDirectory,
    ownLogDirectory: join(folder, 'state', 'kopia-logs'),
    signal: context.signal,
    onCall: (command, ok) => {
      if (!ok) failed.push(command)
    },
    timeLimitMs: undefined,
  })

  const snapshots = await kopia.snapshots()
  assert.deepEqual(snapshots.ok && snapshots.value.map((snapshot) => snapshot.source.path), [source])
  const version = await kopia.version()
  assert.equal(version.ok && version.value, '0-unofficial')
  await kopia.repositoryStatus()
  await kopia.importPolicy('(global)', { scheduling: { intervalSeconds: 3600 } })
  const policies = await kopia.policies()
  assert.deepEqual(policies.ok && policies.value.map((policy) => policy.intervalSeconds), [3600])
  const exported = await kopia.exportPolicy('(global)')
  assert.deepEqual(exported.ok && exported.value?.scheduling, { intervalSeconds: 3600 })
  await kopia.effectivePolicy(source)
  await kopia.deletePolicy('(global)')
  await kopia.maintenance()
  await kopia.blobStats()
  await kopia.contentsBytes()

  assert.deepEqual(failed, [])
  assert.deepEqual(await readdir(cliLogs), before)
  // Of each kind of log two files and a link to the newer one.
  assert.equal((await readdir(join(folder, 'state', 'kopia-logs', 'cli-logs'))).length, 3)
})
