// Faults around the agent: each is reported once, and the newest figures arrive when it is over.

import assert from 'node:assert/strict'
import { chmod, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { cleanUpAfter } from '../support/cleanup.ts'
import { startFaultProxy } from '../support/fault-proxy.ts'
import { createLab, figuresAfter, figuresOf } from '../support/lab.ts'
import { start } from '../support/processes.ts'
import { agentEntry, startPushgateway } from '../support/stack.ts'
import { tool } from '../support/tools.ts'
import { waitFor } from '../support/wait.ts'

const everySecond = '* * * * * *'

function occurrences(text: string, part: string): number {
  return text.split(part).length - 1
}

test('a gateway that never answers, then cuts connections, then works: one report per change, one push at a time', async (context) => {
  const lab = await createLab(context)
  const path = await lab.makeSource('photos')
  const proxy = await startFaultProxy(context, lab.gateway.port)
  proxy.behave('silent')
  const agent = await lab.startAgent({
    KOPIA_METRICS_PUSHGATEWAY_URL: proxy.url,
    KOPIA_METRICS_PUSHGATEWAY_TIMEOUT: '1s',
    KOPIA_METRICS_REFRESH_SCHEDULE: everySecond,
  })
  await lab.kopia.must('snapshot', 'create', path)
  await waitFor(
    'the agent reports that there is no answer',
    () => /no answer within 1 s/.test(agent.output()) || undefined,
  )
  proxy.behave('cut')
  await waitFor(
    'the agent reports that the connection was cut',
    () => /ECONNRESET|socket hang up/.test(agent.output()) || undefined,
  )
  proxy.behave('pass')
  assert.equal((await figuresAfter(lab.gateway, path, 1)).status, 1)
  await waitFor('the agent reports the recovery', () => agent.output().includes('works again') || undefined)
  assert.equal(occurrences(agent.output(), 'no answer within 1 s'), 1, agent.output())
  assert.equal(proxy.mostAtOnce(), 1)
})

test('a gateway that lost its data has all figures again after the next heartbeat', async (context) => {
  const lab = await createLab(context)
  const path = await lab.makeSource('photos')
  await lab.startAgent({ KOPIA_METRICS_REFRESH_SCHEDULE: everySecond })
  await lab.kopia.must('snapshot', 'create', path)
  await figuresAfter(lab.gateway, path, 1)
  await lab.gateway.stop()
  const empty = await startPushgateway(lab.gateway.port)
  cleanUpAfter(context, () => empty.stop())
  const { status, attempts } = await figuresAfter(empty, path, 1)
  assert.deepEqual([status, attempts.success], [1, 1])
})

test('a push that the gateway refuses: the reason is reported once, and /metrics still works', async (context) => {
  const lab = await createLab(context)
  const path = await lab.makeSource('photos')
  // A metric of another group has the same name and another type: the gateway refuses every push that differs from it.
  const body = '# TYPE kopia_backup_status counter\nkopia_backup_status 1\n'
  await fetch(`${lab.gateway.url}/metrics/job/other`, { method: 'PUT', body })
  const agent = await lab.startAgent({ KOPIA_METRICS_REFRESH_SCHEDULE: everySecond })
  await lab.kopia.must('snapshot', 'create', path)
  assert.equal((await figuresAfter(agent, path, 1)).status, 1)
  await waitFor('the push is refused', () => agent.output().includes('it answered 400') || undefined)
  await waitFor('the agent tries again', async () => (await pushFailures(agent.url)) >= 3 || undefined)
  assert.equal(occurrences(agent.output(), 'it answered 400'), 1, agent.output())
  await fetch(`${lab.gateway.url}/metrics/job/other`, { method: 'DELETE' })
  assert.equal((await figuresAfter(lab.gateway, path, 1)).status, 1)
})

async function pushFailures(url: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text()
  return Number(/^kopia_agent_push_failures_total (\d+)$/m.exec(text)?.[1] ?? 0)
}

test('SIGTERM during a push that nobody answers: the agent exits by itself', async (context) => {
  const lab = await createLab(context)
  const proxy = await startFaultProxy(context, lab.gateway.port)
  proxy.behave('silent')
  const agent = await lab.startAgent({
    KOPIA_METRICS_PUSHGATEWAY_URL: proxy.url,
    KOPIA_METRICS_PUSHGATEWAY_TIMEOUT: '1h',
  })
  await waitFor('a push is under way', () => proxy.mostAtOnce() > 0 || undefined)
  assert.equal(await agent.stop(), 0, agent.output())
})

test('closed standard output and error do not stop the agent', async (context) => {
  const lab = await createLab(context)
  const path = await lab.makeSource('photos')
  const agent = await lab.startAgent({ KOPIA_METRICS_LOG_LEVEL: 'debug' })
  agent.child.stdout?.destroy()
  agent.child.stderr?.destroy()
  await lab.kopia.must('snapshot', 'create', path)
  assert.equal((await figuresAfter(lab.gateway, path, 1)).status, 1)
  await lab.kopia.must('snapshot', 'create', path)
  assert.equal((await figuresAfter(lab.gateway, path, 2)).status, 1)
})

test('an unreadable ledger is renamed, and everything but the counters is read from the repository again', async (context) => {
  const lab = await createLab(context)
  const path = await lab.makeSource('photos')
  const before = await lab.startAgent()
  await lab.kopia.must('snapshot', 'create', path)
  await figuresAfter(lab.gateway, path, 1)
  await before.stop()
  const ledger = await readFile(join(lab.stateDirectory, 'ledger.json'), 'utf8')
  await writeFile(join(lab.stateDirectory, 'ledger.json'), ledger.slice(0, ledger.length / 2))
  const agent = await lab.startAgent()
  assert.match(agent.output(), /ERROR The ledger can't be read .* counters begin anew/)
  const kept = (await readdir(lab.stateDirectory)).filter((name) => name.includes('unreadable'))
  assert.equal(kept.length, 1)
  const figures = await figuresOf(agent, path)
  assert.deepEqual([figures.status, figures.attempts.success, figures.snapshots.all], [1, 0, 1])
})

test('a state directory that others can write to is refused, with advice', async (context) => {
  const lab = await createLab(context)
  const agent = await lab.startAgent()
  await agent.stop()
  await chmod(join(lab.stateDirectory, 'spool'), 0o777)
  const environment = {
    ...lab.kopia.environment,
    KOPIA_METRICS_KOPIA_BIN: tool('kopia'),
    KOPIA_METRICS_STATE_DIR: lab.stateDirectory,
  }
  const refused = start('agent', process.execPath, [agentEntry, 'push'], { environment })
  assert.equal(await refused.ended, 1)
  assert.match(refused.output(), /others can write to .*spool \(its mode is 777\): .* chmod 700/)
})
