// An agent with `lifetime: job` lives beside one run of Kopia. It ends right after it, and its last push has the result.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { open, rm } from 'node:fs/promises'
import { hostname, userInfo } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { cleanUpAfter } from '../support/cleanup.ts'
import { makeLongFile } from '../support/endings.ts'
import { holdKopia } from '../support/held-kopia.ts'
import { breakAction, createLab, figuresOf, type Lab } from '../support/lab.ts'
import { type Running, start } from '../support/processes.ts'
import { waitForLines } from '../support/setups/logs.ts'
import { createBarrier } from '../support/setups/repository.ts'
import { seriesOf } from '../support/setups/series.ts'
import { agentEntry, startPushgateway } from '../support/stack.ts'
import { tool } from '../support/tools.ts'
import { waitFor } from '../support/wait.ts'

const job = { KOPIA_METRICS_LIFETIME: 'job', KOPIA_METRICS_STOP_TIMEOUT: '60s' }

/** Starts an agent, does the work of the job, and stops the agent in the moment in which the work has ended. */
async function runJob(lab: Lab, work: () => Promise<unknown>): Promise<void> {
  const agent = await lab.startAgent(job)
  await work()
  assert.equal(await stopJob(agent), 0, agent.output())
}

/** A job may take until its stop_timeout. */
function stopJob({ child, ended }: Running): Running['ended'] {
  child.kill('SIGTERM')
  return ended
}

/** What the gateway holds after the job. */
async function heldOf({ gateway }: Lab, path: string) {
  const { status, attempts, runningSince } = await figuresOf(gateway, path)
  return { status, attempts, runningSince }
}

test('the last push has the result, and promises no heartbeat', async (context) => {
  const lab = await createLab(context)
  const path = await lab.makeSource('photos')

  await context.test('of a backup that succeeds', async () => {
    await runJob(lab, () => lab.kopia.must('snapshot', 'create', path))
    const attempts = { success: 1, failed: 0, incomplete: 0 }
    assert.deepEqual(await heldOf(lab, path), { status: 1, attempts, runningSince: undefined })
    assert.deepEqual(await seriesOf(lab.gateway, 'kopia_agent_heartbeat_interval_seconds'), [])
    assert.equal((await seriesOf(lab.gateway, 'kopia_agent_metrics_timestamp_seconds')).length, 1)
  })

  await context.test('of one that is killed, counted after the first', async () => {
    await makeLongFile(path)
    const agent = await lab.startAgent(job)
    const backup = lab.kopia.start('snapshot', 'create', path)
    await waitFor('the backup runs', async () => (await figuresOf(lab.gateway, path)).runningSince)
    await backup.stop('SIGKILL')
    await stopJob(agent)
    const attempts = { success: 1, failed: 1, incomplete: 0 }
    assert.deepEqual(await heldOf(lab, path), { status: 0, attempts, runningSince: undefined })
  })

  await context.test('of one that fails', async () => {
    await rm(join(path, 'long'))
    await breakAction(lab, path)
    await runJob(lab, () => lab.kopia.run('snapshot', 'create', path))
    const attempts = { success: 1, failed: 2, incomplete: 0 }
    assert.deepEqual(await heldOf(lab, path), { status: 0, attempts, runningSince: undefined })
  })
})

test('a gateway that is away when the job ends gets the result once it is back', async (context) => {
  const lab = await createLab(context)
  const path = await lab.makeSource('photos')
  const agent = await lab.startAgent(job)
  await lab.gateway.stop()
  await lab.kopia.must('snapshot', 'create', path)
  const stopped = stopJob(agent)
  await waitFor('the last push fails', () => /The last push failed/.test(agent.output()) || undefined)
  const back = await startPushgateway(lab.gateway.port)
  cleanUpAfter(context, () => back.stop())
  await stopped
  assert.equal((await figuresOf(back, path)).status, 1)
})

test('at the limit the agent leaves, and the next one brings the result', async (context) => {
  const lab = await createLab(context)
  const path = await lab.makeSource('photos')
  const held = await holdKopia(context, lab, `${userInfo().username}@${hostname()}:${path}`)
  const agent = await lab.startAgent({
    ...job,
    KOPIA_METRICS_KOPIA_BIN: held.program,
    KOPIA_METRICS_STOP_TIMEOUT: '1s',
  })
  await lab.kopia.must('snapshot', 'create', path)
  await stopJob(agent)
  assert.match(agent.output(), /A run of Kopia has no result yet/)
  assert.notEqual((await figuresOf(lab.gateway, path)).status, 1)
  await runJob(lab, async () => undefined)
  const attempts = { success: 1, failed: 0, incomplete: 0 }
  assert.deepEqual(await heldOf(lab, path), { status: 1, attempts, runningSince: undefined })
})

test('a run that was lost with its agent is told, though Kopia is connected only after the next agent has started', async (context) => {
  const lab = await createLab(context)
  const path = await lab.makeSource('photos')
  await runJob(lab, () => lab.kopia.must('snapshot', 'create', path))
  await makeLongFile(path)
  const backup = lab.kopia.start('snapshot', 'create', path)
  // Before that its log is empty, which proves nothing. The first backup has such a line, too.
  await waitForLines(lab.kopia, 'snapshot-create', 'Snapshotting', 2)
  await backup.stop('SIGKILL')
  const barrier = await createBarrier(lab)
  await barrier.close()
  const agent = await lab.startAgent({ ...job, ...barrier.settings })
  await barrier.open()
  assert.equal(await stopJob(agent), 0, agent.output())
  assert.doesNotMatch(agent.output(), /has no result yet/)
  const attempts = { success: 1, failed: 1, incomplete: 0 }
  assert.deepEqual(await heldOf(lab, path), { status: 0, attempts, runningSince: undefined })
})

test('a job that ends while its agent still starts has its result, too', async (context) => {
  const lab = await createLab(context)
  const path = await lab.makeSource('photos')
  await runJob(lab, () => lab.kopia.must('snapshot', 'create', path))
  await lab.kopia.must('snapshot', 'create', path)
  // The agent waits for its configuration, so the signal arrives before anything else has begun.
  const configuration = join(lab.folder, 'configuration.yaml')
  execFileSync('mkfifo', [configuration])
  const flags = [`--config=${configuration}`, '--listen=']
  const agent = start('agent', process.execPath, [agentEntry, 'run', ...flags], {
    environment: {
      ...lab.kopia.environment,
      ...job,
      KOPIA_METRICS_KOPIA_BIN: tool('kopia'),
      KOPIA_METRICS_STATE_DIR: lab.stateDirectory,
    },
  })
  cleanUpAfter(context, () => agent.stop('SIGKILL'))
  const pipe = await open(configuration, 'w')
  agent.child.kill('SIGTERM')
  await pipe.writeFile(`pushgateway_url: ${lab.gateway.url}\n`)
  await pipe.close()
  assert.equal(await agent.ended, 0, agent.output())
  const attempts = { success: 2, failed: 0, incomplete: 0 }
  assert.deepEqual(await heldOf(lab, path), { status: 1, attempts, runningSince: undefined })
})
