// Backups whose process the agent can't see: silence proves nothing, and a claim waits for the snapshot.

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { cleanUpAfter } from '../../support/cleanup.ts'
import { breakAction, createLab, figuresAfter, figuresOf, type Lab } from '../../support/lab.ts'
import { closeGate } from '../../support/setups/gates.ts'
import { hideProcesses, reasonNotToHide } from '../../support/setups/hidden-processes.ts'
import { makeSilentFor, waitForLines } from '../../support/setups/logs.ts'
import { observeUntil } from '../../support/setups/observations.ts'
import { startServer, upload } from '../../support/setups/server.ts'
import { waitFor } from '../../support/wait.ts'

const options = { skip: reasonNotToHide ?? false }
const none = { success: 0, failed: 0, incomplete: 0 } as const

/** Longer than any silence that the agent once took for an end. */
const longSilenceSeconds = 120

/** Makes the last upload of the source, which Kopia logs nothing of, take five seconds and more. */
async function makeLastUploadSlow(lab: Lab, path: string): Promise<void> {
  // Kopia keeps a pack of up to 20 MB back until it flushes, and lets 6 seconds' worth of bytes through at once.
  await writeFile(join(path, 'incompressible'), randomBytes(1_100_000))
  await lab.kopia.must('repository', 'throttle', 'set', '--upload-bytes-per-second=100000')
}

test(
  'a slow last upload after the claim: a success once the snapshot is there, and never a failure',
  options,
  async (context) => {
    const lab = hideProcesses(context, await createLab(context))
    const path = await lab.makeSource('photos')
    await makeLastUploadSlow(lab, path)
    await lab.startAgent()
    const backup = lab.kopia.start('snapshot', 'create', path)
    cleanUpAfter(context, () => backup.stop('SIGKILL'))
    await waitForLines(lab.kopia, 'snapshot-create', 'Created snapshot')
    const seen = await observeUntil(backup.ended, () => figuresOf(lab.gateway, path))
    assert.equal(await backup.ended, 0, backup.output())
    const figures = await figuresAfter(lab.gateway, path, 1)
    assert.deepEqual([figures.status, figures.attempts], [1, { ...none, success: 1 }])
    assert.deepEqual(
      seen.filter(({ status, attempts }) => status === 0 || (attempts.failed ?? 0) > 0),
      [],
    )
  },
)

test('killed during the last upload, after the claim: never a success', options, async (context) => {
  const lab = hideProcesses(context, await createLab(context))
  const path = await lab.makeSource('photos')
  const witness = await lab.makeSource('witness')
  await makeLastUploadSlow(lab, path)
  await lab.kopia.must('policy', 'set', path, '--compression=none')
  await lab.startAgent()
  const backup = lab.kopia.start('snapshot', 'create', path)
  cleanUpAfter(context, () => backup.stop('SIGKILL'))
  await waitForLines(lab.kopia, 'snapshot-create', 'Created snapshot')
  assert.equal(await backup.stop('SIGKILL'), 'SIGKILL')
  await lab.kopia.must('repository', 'throttle', 'set', '--upload-bytes-per-second=unlimited')
  const other = lab.kopia.start('snapshot', 'create', witness)
  assert.equal(await other.ended, 0, other.output())
  await figuresAfter(lab.gateway, witness, 1)
  const meanwhile = await figuresOf(lab.gateway, path)
  assert.deepEqual([meanwhile.status, meanwhile.attempts.success ?? 0], [undefined, 0])
  const again = lab.kopia.start('snapshot', 'create', path)
  assert.equal(await again.ended, 0, again.output())
  const figures = await figuresAfter(lab.gateway, path, 2)
  assert.deepEqual([figures.status, figures.attempts], [1, { ...none, success: 1, failed: 1 }])
})

test(
  'a before-action that has been silent for long: running, and a success in the end',
  options,
  async (context) => {
    const lab = hideProcesses(context, await createLab(context))
    const path = await lab.makeSource('photos')
    const witness = await lab.makeSource('witness')
    const gate = await closeGate(lab, path, 'silent')
    const backup = lab.kopia.start('snapshot', 'create', path)
    cleanUpAfter(context, () => backup.stop('SIGKILL'))
    await waitForLines(lab.kopia, 'snapshot-create', 'running action')
    await makeSilentFor(longSilenceSeconds, lab.kopia, 'snapshot-create')
    const agent = await lab.startAgent()
    await waitFor('the backup is running', async () => (await figuresOf(agent, path)).runningSince)
    const other = lab.kopia.start('snapshot', 'create', witness)
    assert.equal(await other.ended, 0, other.output())
    await figuresAfter(lab.gateway, witness, 1)
    const meanwhile = await figuresOf(lab.gateway, path)
    assert.deepEqual([meanwhile.status, meanwhile.attempts.failed ?? 0], [undefined, 0])
    await gate.open()
    assert.equal(await backup.ended, 0, backup.output())
    const figures = await figuresAfter(lab.gateway, path, 1)
    assert.deepEqual([figures.status, figures.attempts], [1, { ...none, success: 1 }])
  },
)

test(
  'a server that has been idle for long is followed on: its failures and its successes count',
  options,
  async (context) => {
    const lab = hideProcesses(context, await createLab(context))
    const [good, failing] = [await lab.makeSource('good'), await lab.makeSource('failing')]
    await breakAction(lab, failing)
    await lab.kopia.must('snapshot', 'create', good)
    const server = await startServer(context, lab.kopia)
    await upload(server, good)
    await waitForLines(lab.kopia, 'server-start', 'finished uploading')
    await makeSilentFor(longSilenceSeconds, lab.kopia, 'server-start')
    await lab.startAgent()
    await upload(server, failing)
    const failed = await figuresAfter(lab.gateway, failing, 1)
    assert.deepEqual([failed.status, failed.attempts], [0, { ...none, failed: 1 }])
    const { attempts: before } = await figuresOf(lab.gateway, good)
    const successesBefore = before.success ?? 0
    await upload(server, good)
    const succeeded = await figuresAfter(lab.gateway, good, successesBefore + 1)
    assert.deepEqual([succeeded.status, succeeded.attempts], [1, { ...none, success: successesBefore + 1 }])
  },
)
