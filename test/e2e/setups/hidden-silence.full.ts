// More than a minute of real silence of processes that the agent can't see: nothing fails by it, and no server is lost.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { cleanUpAfter } from '../../support/cleanup.ts'
import { breakAction, createLab, figuresAfter, figuresOf } from '../../support/lab.ts'
import { closeGate } from '../../support/setups/gates.ts'
import { hideProcesses, reasonNotToHide } from '../../support/setups/hidden-processes.ts'
import { waitForLines } from '../../support/setups/logs.ts'
import { observeUntil } from '../../support/setups/observations.ts'
import { startServer, upload } from '../../support/setups/server.ts'
import { waitFor } from '../../support/wait.ts'

/** The silence is what is tested, so there is nothing else to wait for. */
const silence = () => sleep(75_000)
const none = { success: 0, failed: 0, incomplete: 0 } as const

describe('silence', { concurrency: true, skip: reasonNotToHide ?? false }, () => {
  test('a before-action without a word: running all the time, then a success', async (context) => {
    const lab = hideProcesses(context, await createLab(context))
    const path = await lab.makeSource('photos')
    const gate = await closeGate(lab, path, 'silent')
    const agent = await lab.startAgent()
    const backup = lab.kopia.start('snapshot', 'create', path)
    cleanUpAfter(context, () => backup.stop('SIGKILL'))
    await waitFor('the backup is running', async () => (await figuresOf(agent, path)).runningSince)
    const seen = await observeUntil(silence(), () => figuresOf(agent, path))
    assert.deepEqual(
      seen.filter(({ runningSince, attempts }) => runningSince === undefined || (attempts.failed ?? 0) > 0),
      [],
    )
    await gate.open()
    assert.equal(await backup.ended, 0, backup.output())
    const figures = await figuresAfter(lab.gateway, path, 1)
    assert.deepEqual([figures.status, figures.attempts], [1, { ...none, success: 1 }])
  })

  test('an idle server: the failure and the success after it count', async (context) => {
    const lab = hideProcesses(context, await createLab(context))
    const [good, failing] = [await lab.makeSource('good'), await lab.makeSource('failing')]
    await breakAction(lab, failing)
    await lab.kopia.must('snapshot', 'create', good)
    await lab.startAgent()
    const server = await startServer(context, lab.kopia)
    await upload(server, good)
    await figuresAfter(lab.gateway, good, 1)
    await waitForLines(lab.kopia, 'server-start', 'finished uploading')
    await silence()
    for (const path of [failing, good]) await upload(server, path)
    const [failed, succeeded] = [
      await figuresAfter(lab.gateway, failing, 1),
      await figuresAfter(lab.gateway, good, 2),
    ]
    assert.deepEqual([failed.status, failed.attempts], [0, { ...none, failed: 1 }])
    assert.deepEqual([succeeded.status, succeeded.attempts], [1, { ...none, success: 2 }])
  })
})
