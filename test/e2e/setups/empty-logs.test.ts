// Kopia's log disk is full: Kopia goes on and leaves logs of 0 bytes, which prove nothing.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readdir, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { runAgentCommand } from '../../support/agent-command.ts'
import { cleanUpAfter } from '../../support/cleanup.ts'
import { temporaryFolder } from '../../support/folder.ts'
import { breakAction, createLab, figuresAfter, figuresOf, type Lab } from '../../support/lab.ts'
import { removeActions } from '../../support/setups/repository.ts'
import { everySecond, noAttempts, readValue, waitForValue } from '../../support/setups/series.ts'
import { waitFor } from '../../support/wait.ts'

const snapshotCreate = { command: 'snapshot create' }

/** Empties the logs of all backups. */
async function emptyLogs({ kopia }: Lab): Promise<void> {
  const folder = join(kopia.logDirectory, 'cli-logs')
  const logs = (await readdir(folder)).filter((fileName) => fileName.includes('-snapshot-create.'))
  await Promise.all(logs.map((fileName) => truncate(join(folder, fileName), 0)))
}

test('empty logs of backups that ended while the agent was down: only the repository shows a success', async (context) => {
  const lab = await createLab(context)
  const [good, bad] = [await lab.makeSource('good'), await lab.makeSource('bad')]
  await lab.kopia.must('snapshot', 'create', good, bad)
  const agent = await lab.startAgent(everySecond)
  await breakAction(lab, bad)
  await lab.kopia.run('snapshot', 'create', bad)
  const failed = await figuresAfter(lab.gateway, bad, 1)
  await waitForValue(lab.gateway, 0, 'kopia_command_status', snapshotCreate)
  await agent.stop()

  await writeFile(join(good, 'news'), 'news')
  await lab.kopia.must('snapshot', 'create', good)
  await lab.kopia.run('snapshot', 'create', bad)
  await emptyLogs(lab)
  const again = await lab.startAgent(everySecond)
  const figures = await figuresAfter(lab.gateway, good, 1)
  assert.deepEqual([figures.status, figures.attempts], [1, { ...noAttempts, success: 1 }])
  assert.equal(await readValue(lab.gateway, 'kopia_command_status', snapshotCreate), 0)
  const { status, attempts } = await figuresOf(lab.gateway, bad)
  assert.deepEqual([status, attempts.success, failed.attempts.success], [0, 0, 0])
  await waitFor('the agent says so', () => /empty|0 bytes/i.test(again.output()) || undefined)
})

// Only root may mount a file system.
const asRoot = process.getuid?.() === 0 ? {} : { skip: 'expected root, which may mount a tmpfs' }

test('a log directory on a full disk', asRoot, async (context) => {
  const folder = await temporaryFolder(context)
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', folder])
  cleanUpAfter(context, () => execFileSync('umount', ['--lazy', folder]))
  const lab = await createLab(context, folder)
  const [good, bad] = [await lab.makeSource('good'), await lab.makeSource('bad')]
  const agent = await lab.startAgent(everySecond)
  await lab.kopia.must('snapshot', 'create', good, bad)
  await figuresAfter(lab.gateway, bad, 1)
  await waitForValue(lab.gateway, 1, 'kopia_command_status', snapshotCreate)
  await breakAction(lab, bad)
  await lab.kopia.run('snapshot', 'create', bad)
  await figuresAfter(lab.gateway, bad, 2)
  await waitForValue(lab.gateway, 0, 'kopia_command_status', snapshotCreate)

  await assert.rejects(writeFile(join(folder, 'fill'), Buffer.alloc(8 * 1024 * 1024)), /ENOSPC/)
  await lab.kopia.run('snapshot', 'create', bad)
  await writeFile(join(good, 'news'), 'news')
  await lab.kopia.must('snapshot', 'create', good)
  const figures = await figuresAfter(lab.gateway, good, 2)
  assert.deepEqual([figures.status, figures.attempts], [1, { ...noAttempts, success: 2 }])
  const { status, attempts } = await figuresOf(lab.gateway, bad)
  assert.deepEqual([status, attempts.success], [0, 1])
  assert.equal(await readValue(lab.gateway, 'kopia_command_status', snapshotCreate), 0)
  await waitFor('the agent says so', () => /empty|0 bytes/i.test(agent.output()) || undefined)
  const checked = await runAgentCommand(lab, 'check')
  assert.match(checked.output, /empty|0 bytes/i)
  await removeActions(lab.kopia, bad)
})
