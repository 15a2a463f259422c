// What happens to machines: the power fails, logs are deleted while they are written, and the clock jumps.

import assert from 'node:assert/strict'
import { readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { cleanUpAfter } from '../support/cleanup.ts'
import { createLab, figuresAfter, figuresOf, type Lab, type SourceFigures } from '../support/lab.ts'
import type { Running } from '../support/processes.ts'
import { projectFolder } from '../support/tools.ts'
import { waitFor } from '../support/wait.ts'

const one = (outcome: string) => ({ success: 0, failed: 0, incomplete: 0, [outcome]: 1 })

type BlockedBackup = { readonly running: Running; readonly release: () => Promise<void> }

/** Begins a backup that waits in its before-action until it is released. */
async function beginBackup(
  context: TestContext,
  lab: Lab,
  path: string,
  ...flags: readonly string[]
): Promise<BlockedBackup> {
  const gate = join(lab.folder, 'gate')
  const script = join(lab.folder, 'wait.sh')
  await writeFile(script, `#!/bin/sh\nuntil [ -e '${gate}' ]; do sleep 0.05; done\n`, { mode: 0o755 })
  await lab.kopia.must('policy', 'set', path, `--before-snapshot-root-action=${script}`)
  const running = lab.kopia.start('snapshot', 'create', ...flags, path)
  cleanUpAfter(context, () => writeFile(gate, '').then(() => running.stop('SIGKILL')))
  return { running, release: () => writeFile(gate, '') }
}

const awaitRunning = (lab: Lab, path: string) =>
  waitFor(`${path} is being backed up`, async () => (await figuresOf(lab.gateway, path)).runningSince)

test('a power failure during a backup: the next start counts the backup as failed, once', async (context) => {
  const lab = await createLab(context)
  const path = await lab.makeSource('photos')
  const agent = await lab.startAgent()
  await lab.kopia.must('snapshot', 'create', path)
  await figuresAfter(lab.gateway, path, 1)
  const { running, release } = await beginBackup(context, lab, path)
  await awaitRunning(lab, path)
  for (const { child } of [agent, running]) child.kill('SIGKILL')
  await release()
  await Promise.all([agent.ended, running.ended])
  await lab.startAgent()
  const { status, attempts, runningSince } = await figuresAfter(lab.gateway, path, 2)
  assert.deepEqual([status, attempts, runningSince], [0, { success: 1, failed: 1, incomplete: 0 }, undefined])
})

test('a log that is deleted during the backup: the repository shows how the backup ended', async (context) => {
  const lab = await createLab(context)
  const path = await lab.makeSource('photos')
  await lab.startAgent()
  const { running, release } = await beginBackup(context, lab, path)
  await awaitRunning(lab, path)
  const cliLogs = join(lab.kopia.logDirectory, 'cli-logs')
  for (const fileName of await readdir(cliLogs)) await rm(join(cliLogs, fileName))
  await release()
  assert.equal(await running.ended, 0, running.output())
  const figures = await figuresAfter(lab.gateway, path, 1)
  assert.deepEqual([figures.status, figures.attempts], [1, one('success')])
})

/** Starts an agent whose clock is ahead of the machine's by the number of seconds in the file, which may change. */
async function startAgentWithClock(lab: Lab, file: string) {
  const clock = join(projectFolder, 'test/support/clock.ts')
  return lab.startAgent({ NODE_OPTIONS: `--import=${clock}`, TEST_CLOCK_FILE: file })
}

function assertPlausible({ durationSeconds = -1, lastAttemptAt, lastSuccessAt }: SourceFigures): void {
  assert.ok(durationSeconds >= 0 && durationSeconds < 3600, `${durationSeconds} s`)
  assert.equal(lastSuccessAt, lastAttemptAt)
}

const clockJumps = [
  [3600, 0],
  [0, -3600],
  [0, 3600],
] as const

for (const [from, to] of clockJumps) {
  test(`the clock jumps from ${from} s to ${to} s during two backups, one with --json`, async (context) => {
    const lab = await createLab(context)
    const sources = [
      { path: await lab.makeSource('photos'), flags: [] },
      { path: await lab.makeSource('mail'), flags: ['--json'] },
    ]
    const file = join(lab.folder, 'clock')
    await writeFile(file, `${from}`)
    await startAgentWithClock(lab, file)
    const backups = []
    for (const { path, flags } of sources) {
      backups.push(await beginBackup(context, lab, path, ...flags))
      await awaitRunning(lab, path)
    }
    await writeFile(file, `${to}`)
    for (const { release } of backups) await release()
    for (const { running } of backups) assert.equal(await running.ended, 0, running.output())
    for (const { path, flags } of sources) {
      const first = await figuresAfter(lab.gateway, path, 1)
      assert.deepEqual([first.status, first.attempts], [1, one('success')])
      assertPlausible(first)
      await writeFile(join(path, 'new'), 'news')
      await lab.kopia.must('snapshot', 'create', ...flags, path)
      const second = await figuresAfter(lab.gateway, path, 2)
      assert.deepEqual([second.status, second.attempts.success, second.snapshots.all], [1, 2, 2])
      assertPlausible(second)
    }
  })
}
