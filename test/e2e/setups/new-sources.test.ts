// New sources, of which the repository has neither a snapshot nor a policy, and whose first backup fails.

import assert from 'node:assert/strict'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { createLab, figuresAfter, figuresOf } from '../../support/lab.ts'
import { addGate, begin } from '../../support/setups/gate.ts'
import { everySecond, noAttempts, waitForValue } from '../../support/setups/series.ts'
import { waitFor } from '../../support/wait.ts'

test('the first backup of a new source fails: it is shown and stays', async (context) => {
  const lab = await createLab(context)
  const names = ['known', 'failing', 'killed', 'unwatched'] as const
  const [known = '', failing = '', killed = '', unwatched = ''] = await Promise.all(names.map(lab.makeSource))
  const misspelt = join(lab.folder, 'sources', 'misspelt')
  let agent = await lab.startAgent(everySecond)
  await lab.kopia.must('snapshot', 'create', known)
  await figuresAfter(lab.gateway, known, 1)

  const assertFailed = async (path: string) => {
    const { status, attempts, runningSince } = await figuresAfter(lab.gateway, path, 1)
    assert.deepEqual([status, attempts, runningSince], [0, { ...noAttempts, failed: 1 }, undefined], path)
  }

  await context.test('its path is misspelt', async () => {
    assert.equal((await lab.kopia.run('snapshot', 'create', misspelt)).exitCode, 1)
    await assertFailed(misspelt)
  })

  await context.test('the action of the global policy fails', async () => {
    const script = join(lab.folder, 'failing.sh')
    await writeFile(script, '#!/bin/sh\nexit 3\n', { mode: 0o755 })
    await lab.kopia.must('policy', 'set', '--global', `--before-snapshot-root-action=${script}`)
    assert.equal((await lab.kopia.run('snapshot', 'create', failing)).exitCode, 1)
    await assertFailed(failing)
  })

  await context.test('it fails while the agent is down', async () => {
    await agent.stop()
    assert.equal((await lab.kopia.run('snapshot', 'create', unwatched)).exitCode, 1)
    agent = await lab.startAgent(everySecond)
    await assertFailed(unwatched)
  })

  await context.test('it is killed', async () => {
    const gate = await addGate(context, lab.kopia, '--global')
    const backup = begin(context, lab.kopia, 'snapshot', 'create', killed)
    await gate.reached()
    await waitFor('it runs', async () => (await figuresOf(lab.gateway, killed)).runningSince)
    backup.child.kill('SIGKILL')
    await gate.open()
    await assertFailed(killed)
  })

  await context.test('all of them stay when the agent asks for all snapshots', async () => {
    // A changed policy makes the agent ask.
    await lab.kopia.must('policy', 'set', known, '--keep-latest=1')
    await rm(known, { recursive: true })
    await lab.kopia.must('snapshot', 'delete', '--all-snapshots-for-source', '--delete', known)
    await waitForValue(lab.gateway, 0, 'kopia_snapshot_count', { path: known, type: 'all' })
    for (const path of [misspelt, failing, unwatched, killed]) await assertFailed(path)
  })
})
