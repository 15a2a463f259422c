// The agent beside a Kopia server.

import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { isSuccess, type Pod } from './kubelet.ts'
import { type PodLab, waitForOne, waitUntilReady, withLongBackup } from './pod-lab.ts'

const agent = 'kopia-metrics-agent'
const source = 'instance="kopia-server", user="kopia", host="kopia-server", path="/data"'
/** Kills each process that makes a backup. The image has no pkill. */
const killBackup = `cd /proc && for id in [0-9]*; do
  if tr '\\0' ' ' <$id/cmdline | grep -q '^kopia snapshot create'; then kill -KILL $id; fi
done`

/** Runs all cases on one pod. It is gone afterwards. */
export async function testServer(context: TestContext, lab: PodLab): Promise<void> {
  const pod = await lab.start(lab.server, 'kopia-server')
  await pod.started

  await context.test('the agent is ready, has no root and no writable root', async () => {
    await waitUntilReady(pod, agent)
    assert.ok(isSuccess(await pod.probe(agent, 'livenessProbe')))
    const status = await must(pod, agent, 'cat', '/proc/self/status')
    assert.match(status, /^Uid:\s+1000\s+1000\s+1000\s+1000$/m)
    assert.match(status, /^CapEff:\s+0+$/m)
    assert.match(status, /^NoNewPrivs:\s+1$/m)
    const { exitCode, output } = await pod.exec(agent, 'touch', '/opt/kopia-metrics-agent/file')
    assert.notEqual(exitCode, 0)
    assert.match(output, /Read-only file system/)
  })

  await context.test('a backup is seen in Prometheus, by its log and by its hooks alone', async () => {
    await must(pod, agent, agent, 'install-hooks', '/data')
    for (const flags of [[], ['--disable-file-logging']]) {
      await must(pod, 'kopia', 'kopia', ...flags, 'snapshot', 'create', '/data')
    }
    await waitForOne(lab, `kopia_backup_attempts_total{${source}, status="success"} == 2`)
    await waitForOne(lab, `kopia_backup_status{${source}} == 1`)
  })

  await context.test('a backup that is killed in the container of Kopia is told at once', async () => {
    await must(pod, 'kopia', 'kopia', 'policy', 'set', '--compression=none', '/data')
    const running = await withLongBackup(lab, async () => {
      const running = pod.exec('kopia', 'kopia', 'snapshot', 'create', '/data')
      await waitForOne(lab, `kopia_backup_running_since_timestamp_seconds{${source}}`)
      await must(pod, 'kopia', 'sh', '-c', killBackup)
      return running
    })
    assert.equal(running.exitCode, 137)
    await waitForOne(lab, `kopia_backup_attempts_total{${source}, status="failed"} == 1`)
    await waitForOne(lab, `kopia_backup_status{${source}} == 0`)
  })
  await pod.delete()
}

/** Runs a command that must succeed, and resolves with its output. */
async function must(pod: Pod, container: string, ...command: readonly string[]): Promise<string> {
  const { exitCode, output } = await pod.exec(container, ...command)
  assert.equal(exitCode, 0, `${command.join(' ')}: ${output}`)
  return output
}
