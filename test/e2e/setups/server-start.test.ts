// A Kopia server that does not come up, or does not come to its end: nobody else tells.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLab, figuresAfter, figuresOf } from '../../support/lab.ts'
import { addGate } from '../../support/setups/gate.ts'
import { bringBack, takeAway } from '../../support/setups/repository.ts'
import { noAttempts, readValue, waitForValue } from '../../support/setups/series.ts'
import { beginServer, startServer, upload } from '../../support/setups/server.ts'
import { waitFor } from '../../support/wait.ts'

const serverStart = { command: 'server start' }

test('servers that cannot open the repository, that end well, and that are killed', async (context) => {
  const lab = await createLab(context)
  const [path, other] = [await lab.makeSource('photos'), await lab.makeSource('mail')]
  await lab.kopia.must('snapshot', 'create', path, other)
  await lab.startAgent()

  await context.test('it cannot open its repository', async () => {
    await takeAway(lab.kopia)
    const { running } = await beginServer(context, lab.kopia)
    assert.equal(await running.ended, 1, running.output())
    await waitForValue(lab.gateway, 0, 'kopia_command_status', serverStart)
    await bringBack(lab.kopia)
    assert.equal((await figuresOf(lab.gateway, path)).status, 1)
  })

  await context.test('it is stopped by SIGTERM', async () => {
    const server = await startServer(context, lab.kopia)
    await upload(server, path)
    assert.equal((await figuresAfter(lab.gateway, path, 1)).status, 1)
    assert.equal(await server.running.stop(), 0, server.running.output())
    await waitForValue(lab.gateway, 1, 'kopia_command_status', serverStart)
  })

  await context.test('it is killed while it does nothing', async () => {
    const server = await startServer(context, lab.kopia)
    await upload(server, path)
    const { status, attempts } = await figuresAfter(lab.gateway, path, 2)
    await server.running.stop('SIGKILL')
    await waitForValue(lab.gateway, 0, 'kopia_command_status', serverStart)
    assert.deepEqual([status, attempts], [1, { ...noAttempts, success: 2 }])
    const after = await figuresOf(lab.gateway, path)
    assert.deepEqual([after.status, after.attempts], [status, attempts])
  })

  await context.test('it is killed during a backup', async () => {
    const good = await startServer(context, lab.kopia)
    await good.running.stop()
    await waitForValue(lab.gateway, 1, 'kopia_command_status', serverStart)
    const gate = await addGate(context, lab.kopia, other)
    const server = await startServer(context, lab.kopia)
    await upload(server, other)
    await gate.reached()
    await waitFor('the source runs', async () => (await figuresOf(lab.gateway, other)).runningSince)
    server.running.child.kill('SIGKILL')
    await gate.open()
    const { status, attempts, runningSince } = await figuresAfter(lab.gateway, other, 1)
    assert.deepEqual([status, attempts, runningSince], [0, { ...noAttempts, failed: 1 }, undefined])
    await waitForValue(lab.gateway, 0, 'kopia_command_status', serverStart)
    assert.equal(await readValue(lab.gateway, 'kopia_backup_status', { path }), 1)
  })
})
