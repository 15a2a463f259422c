// The agent beside one run of Kopia, in the pod of a CronJob: the pod ends, and its result has arrived.

import assert from 'node:assert/strict'
import { rename, rm } from 'node:fs/promises'
import type { TestContext } from 'node:test'
import type { Pod, PodEnd } from './kubelet.ts'
import { type PodLab, waitForOne, waitUntilReady, withLongBackup } from './pod-lab.ts'
import { type PodSpec, withArguments, withEnvironment } from './pod-spec.ts'

const agent = 'kopia-metrics-agent'
const instance = 'instance="kopia-snapshot"'
const sourceOf = (path: string) => `${instance}, user="kopia", host="kopia-snapshot", path="${path}"`
const source = sourceOf('/data')
const running = `kopia_backup_running_since_timestamp_seconds{${source}}`

/** How many attempts on /data the gateway must have in all. */
type Attempts = { readonly success: number; readonly failed: number }

export async function testCronJob(context: TestContext, lab: PodLab): Promise<void> {
  const { cronJob } = lab
  await context.test('a backup that ends at once: its result arrives, and the pod ends', async () => {
    const end = await runToEnd(lab, cronJob)
    expectEnd(end, 'Succeeded', 0)
    await expectResult(lab, 1, { success: 1, failed: 0 })
  })

  await context.test('no heartbeat is promised, so nobody misses the agent', async () => {
    assert.deepEqual(await lab.query(`kopia_agent_heartbeat_interval_seconds{${instance}}`), [])
    assert.deepEqual(await lab.query(`${running} or ALERTS{alertname="KopiaAgentSilent"}`), [])
  })

  await context.test('the next pod goes on with the counters', async () => {
    expectEnd(await runToEnd(lab, cronJob), 'Succeeded', 0)
    await expectResult(lab, 1, { success: 2, failed: 0 })
  })

  await testFailures(context, lab)
  await testKills(context, lab)
  await testOutages(context, lab)
}

async function testFailures(context: TestContext, lab: PodLab): Promise<void> {
  const { cronJob } = lab
  await context.test('Kopia fails because the path is missing', async () => {
    const path = '/data/missing'
    expectEnd(await runToEnd(lab, withArguments(cronJob, 'kopia', 'snapshot', 'create', path)), 'Failed', 1)
    await waitForOne(lab, `kopia_backup_status{${sourceOf(path)}} == 0`)
    await waitForOne(lab, `kopia_backup_attempts_total{${sourceOf(path)}, status="failed"} == 1`)
  })

  await context.test('Kopia fails because an action fails', async () => {
    await setPolicy(lab, '--before-snapshot-root-action=/bin/false')
    expectEnd(await runToEnd(lab, cronJob), 'Failed', 1)
    await expectResult(lab, 0, { success: 2, failed: 1 })
    await setPolicy(lab, '--before-snapshot-root-action=', '--compression=none')
  })
}

async function testKills(context: TestContext, lab: PodLab): Promise<void> {
  const { cronJob } = lab
  await context.test('Kopia is killed in the middle', async () => {
    const end = await withLongBackup(lab, async () => {
      const pod = await startAndWait(lab, cronJob)
      await pod.kill('kopia')
      return pod.ended
    })
    expectEnd(end, 'Failed', 137)
    await expectResult(lab, 0, { success: 2, failed: 2 })
  })

  await context.test('the agent is killed in the middle, and started again', async () => {
    const end = await withLongBackup(lab, async () => {
      const pod = await startAndWait(lab, cronJob)
      await pod.kill(agent)
      await waitUntilReady(pod, agent)
      await pod.kill('kopia')
      return pod.ended
    })
    expectEnd(end, 'Failed', 137)
    await expectResult(lab, 0, { success: 2, failed: 3 })
  })

  await context.test('the node loses its power: the next pod tells of both runs', async () => {
    await withLongBackup(lab, async () => {
      const pod = await startAndWait(lab, cronJob)
      await pod.losePower()
      await pod.remove()
    })
    expectEnd(await runToEnd(lab, cronJob), 'Succeeded', 0)
    await expectResult(lab, 1, { success: 3, failed: 4 })
  })
}

async function testOutages(context: TestContext, lab: PodLab): Promise<void> {
  const { cronJob, gateway, node } = lab
  await context.test(
    'the gateway is away: the pod ends in time, and the next pod brings the result',
    async () => {
      await gateway.stop()
      const { phase, exitCodes } = await runToEnd(
        lab,
        withEnvironment(cronJob, agent, { KOPIA_METRICS_STOP_TIMEOUT: '5s' }),
      )
      assert.equal(phase, 'Succeeded')
      assert.ok([0, 1].includes(exitCodes.get(agent) ?? NaN), `the agent ended with ${exitCodes.get(agent)}`)
      await gateway.start()
      expectEnd(await runToEnd(lab, cronJob), 'Succeeded', 0)
      await expectResult(lab, 1, { success: 5, failed: 4 })
    },
  )

  await context.test('the repository is away: the pod fails, and it is told', async () => {
    const repository = node.claim('kopia-repository')
    await rename(repository, `${repository}-away`)
    node.claim('kopia-repository')
    const end = await runToEnd(lab, cronJob)
    await rm(repository, { recursive: true })
    await rename(`${repository}-away`, repository)
    assert.equal(end.phase, 'Failed')
    assert.equal(end.exitCodes.get('connect'), 1)
    assert.equal(end.exitCodes.get('kopia'), undefined)
    expectAgentLeft(end)
    await waitForOne(lab, `kopia_agent_repository_reachable{${instance}} == 0`)
  })
}

async function startAndWait(lab: PodLab, pod: PodSpec): Promise<Pod> {
  const started = await lab.start(pod, 'kopia-snapshot')
  await started.started
  await waitForOne(lab, running)
  return started
}

async function runToEnd(lab: PodLab, spec: PodSpec): Promise<PodEnd> {
  const pod = await lab.start(spec, 'kopia-snapshot')
  const end = await pod.ended
  await pod.remove()
  return end
}

/** Another command of Kopia in the same pod: it ends as well. */
async function setPolicy(lab: PodLab, ...flags: readonly string[]): Promise<void> {
  const pod = withArguments(lab.cronJob, 'kopia', 'policy', 'set', ...flags, '/data')
  expectEnd(await runToEnd(lab, pod), 'Succeeded', 0)
}

function expectEnd(end: PodEnd, phase: PodEnd['phase'], codeOfKopia: number): void {
  assert.equal(end.phase, phase, logsOf(end))
  assert.equal(end.exitCodes.get('kopia'), codeOfKopia, logsOf(end))
  expectAgentLeft(end)
}

/** It has pushed and left by itself within the grace period: 143 is SIGTERM's own effect, 137 that of SIGKILL. */
function expectAgentLeft(end: PodEnd): void {
  assert.equal(end.exitCodes.get(agent), 0, logsOf(end))
}

const logsOf = ({ logs }: PodEnd) => [...logs].map(([name, text]) => `${name}: ${text}`).join('\n')

async function expectResult(lab: PodLab, status: 0 | 1, { success, failed }: Attempts): Promise<void> {
  await waitForOne(lab, `kopia_backup_attempts_total{${source}, status="success"} == ${success}`)
  await waitForOne(lab, `kopia_backup_attempts_total{${source}, status="failed"} == ${failed}`)
  await waitForOne(lab, `kopia_backup_status{${source}} == ${status}`)
  assert.deepEqual(await lab.query(running), [])
}
