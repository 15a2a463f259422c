// The agent as a process: what it does when a part around it is missing or returns, and when it is stopped itself.

import assert from 'node:assert/strict'
import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { cleanUpAfter } from '../support/cleanup.ts'
import { createLab, figuresAfter, figuresOf, installHooks } from '../support/lab.ts'
import { start } from '../support/processes.ts'
import { scrape } from '../support/prometheus.ts'
import { agentEntry, type Service, startPushgateway } from '../support/stack.ts'
import { tool } from '../support/tools.ts'
import { waitFor } from '../support/wait.ts'

const everySecond = '* * * * * *'

async function figure(service: Service, name: string): Promise<number | undefined> {
  return (await scrape(service.url)).get(name)?.[0]?.value
}

async function kopiaCalls(service: Service): Promise<number> {
  const calls = (await scrape(service.url)).get('kopia_agent_kopia_calls_total') ?? []
  return calls.reduce((sum, { value }) => sum + value, 0)
}

function occurrences(text: string, part: string | RegExp): number {
  return text.split(part).length - 1
}

test('backups that ended while the agent was down are counted once when it is back', async (context) => {
  const lab = await createLab(context)
  const path = await lab.makeSource('photos')
  await installHooks(lab.kopia, path)
  await lab.kopia.must('snapshot', 'create', path)
  const first = await lab.startAgent()
  assert.deepEqual((await figuresOf(first, path)).attempts, { success: 0, failed: 0, incomplete: 0 })
  assert.equal((await figuresOf(first, path)).status, 1)
  await first.stop('SIGKILL')
  for (let count = 0; count < 4; count += 1) await lab.kopia.must('snapshot', 'create', path)
  assert.equal((await readdir(lab.spool)).length, 8)
  const second = await lab.startAgent()
  await figuresAfter(lab.gateway, path, 4)
  assert.equal(await second.stop(), 0)
  await lab.startAgent()
  assert.deepEqual((await figuresOf(lab.gateway, path)).attempts, { success: 4, failed: 0, incomplete: 0 })
  assert.deepEqual(await readdir(lab.spool), [])
})

test('a gateway that is down: the agent serves /metrics, reports the fault once, and pushes when the gateway is back', async (context) => {
  const lab = await createLab(context)
  const path = await lab.makeSource('photos')
  await lab.gateway.stop()
  const agent = await lab.startAgent()
  await lab.kopia.must('snapshot', 'create', path)
  assert.equal((await figuresAfter(agent, path, 1)).status, 1)
  await waitFor(
    'pushing has failed three times',
    async () => ((await figure(agent, 'kopia_agent_push_failures_total')) ?? 0) >= 3 || undefined,
  )
  assert.equal(occurrences(agent.output(), 'fails, it is tried again'), 1, agent.output())
  const back = await startPushgateway(lab.gateway.port)
  cleanUpAfter(context, () => back.stop())
  assert.equal((await figuresAfter(back, path, 1)).status, 1)
  await waitFor('the agent reports the recovery', () => agent.output().includes('works again') || undefined)
  assert.ok(!agent.output().includes(`Pushing to ${undefined}`))
})

test('an empty gateway setting: the agent pushes nothing and reports no fault', async (context) => {
  const lab = await createLab(context)
  const path = await lab.makeSource('photos')
  const textfile = join(lab.folder, 'kopia.prom')
  const agent = await lab.startAgent({ KOPIA_METRICS_PUSHGATEWAY_URL: '', KOPIA_METRICS_TEXTFILE: textfile })
  await lab.kopia.must('snapshot', 'create', path)
  await figuresAfter(agent, path, 1)
  assert.equal((await scrape(lab.gateway.url)).get('kopia_backup_status'), undefined)
  await waitFor(
    'the textfile has it',
    async () => (await readFile(textfile, 'utf8')).includes('kopia_backup_status{') || undefined,
  )
  assert.doesNotMatch(agent.output(), /WARN|ERROR/)
})

test('a running agent', async (context) => {
  const lab = await createLab(context)
  const agent = await lab.startAgent({ KOPIA_METRICS_REFRESH_SCHEDULE: everySecond })

  await context.test('answers GET and HEAD at its addresses, and refuses everything else', async () => {
    const request = async (path: string, method = 'GET') => {
      const response = await fetch(agent.url + path, { method })
      return [response.status, response.headers.get('content-type'), (await response.text()).length > 0]
    }
    const plain = 'text/plain; charset=utf-8'
    assert.deepEqual(await request('/metrics'), [200, 'text/plain; version=0.0.4; charset=utf-8', true])
    assert.deepEqual(await request('/metrics', 'HEAD'), [
      200,
      'text/plain; version=0.0.4; charset=utf-8',
      false,
    ])
    assert.deepEqual(await request('/-/healthy'), [200, plain, true])
    assert.deepEqual(await request('/-/ready'), [200, plain, true])
    assert.deepEqual(await request('/nothing'), [404, plain, true])
    assert.deepEqual(await request('/metrics', 'POST'), [405, plain, true])
  })

  await context.test(
    'makes a second agent on the same state directory refuse, which names the first',
    async () => {
      const environment = { ...lab.kopia.environment, KOPIA_METRICS_STATE_DIR: lab.stateDirectory }
      const second = start('second', process.execPath, [agentEntry, 'push'], { environment })
      assert.equal(await second.ended, 1)
      assert.match(second.output(), new RegExp(`An agent with pid ${agent.child.pid} uses `))
    },
  )

  await context.test('pushes a heartbeat although nothing happens', async () => {
    const pushedAt = await waitFor('the first push', () => figure(lab.gateway, 'push_time_seconds'))
    await waitFor(
      'another push',
      async () => ((await figure(lab.gateway, 'push_time_seconds')) ?? 0) > pushedAt || undefined,
    )
  })

  await context.test('keeps running at SIGHUP', async () => {
    agent.child.kill('SIGHUP')
    await waitFor('the agent reports SIGHUP', () => agent.output().includes('SIGHUP') || undefined)
    assert.equal((await fetch(`${agent.url}/-/healthy`)).status, 200)
  })
})

test('SIGTERM and SIGINT: the agent pushes once more and exits with 0', async (context) => {
  const lab = await createLab(context)
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    const agent = await lab.startAgent()
    const pushedAt = await waitFor('the first push', () => figure(lab.gateway, 'push_time_seconds'))
    assert.equal(await agent.stop(signal), 0, agent.output())
    assert.ok(((await figure(lab.gateway, 'push_time_seconds')) ?? 0) > pushedAt)
    assert.ok(!(await readdir(lab.stateDirectory)).includes('agent.pid'))
  }
})

test('a missing Kopia is reported once and shown as a metric, until Kopia appears', async (context) => {
  const lab = await createLab(context)
  const path = await lab.makeSource('photos')
  const binary = join(lab.folder, 'kopia-to-come')
  const agent = await lab.startAgent({
    KOPIA_METRICS_KOPIA_BIN: binary,
    KOPIA_METRICS_REFRESH_SCHEDULE: everySecond,
  })
  assert.equal(await figure(agent, 'kopia_agent_repository_reachable'), 0)
  await lab.kopia.must('snapshot', 'create', path)
  assert.equal((await figuresAfter(agent, path, 1)).status, 1, 'the log shows the backup even without Kopia')
  await waitFor(
    'the agent has called Kopia more than once',
    async () => (await kopiaCalls(agent)) > 2 || undefined,
  )
  const messages = agent
    .output()
    .split('\n')
    .filter((line) => line.includes("Kopia can't be asked"))
  assert.equal(
    new Set(messages.map((line) => line.replace(/^\S+ /, ''))).size,
    messages.length,
    agent.output(),
  )
  await writeFile(binary, `#!/bin/sh\nexec ${tool('kopia')} "$@"\n`, { mode: 0o755 })
  await waitFor(
    'the repository is reachable',
    async () => (await figure(agent, 'kopia_agent_repository_reachable')) === 1 || undefined,
  )
  assert.equal(occurrences(agent.output(), 'Kopia answers again'), 1)
})

test('a wrong password: the agent runs, reports it, and recovers', async (context) => {
  const lab = await createLab(context)
  const config = lab.kopia.environment.KOPIA_CONFIG_PATH ?? ''
  const agent = await lab.startAgent({ KOPIA_PASSWORD: 'wrong', KOPIA_METRICS_REFRESH_SCHEDULE: everySecond })
  assert.equal(await figure(agent, 'kopia_agent_repository_reachable'), 0)
  assert.match(agent.output(), /Kopia can't be asked, .*: kopia repository status: .*password/)
  // Without the setting, Kopia reads the password that it has stored itself.
  await agent.stop()
  await rename(config, `${config}.away`)
  const other = await lab.startAgent({ KOPIA_METRICS_REFRESH_SCHEDULE: everySecond })
  assert.equal(await figure(other, 'kopia_agent_repository_reachable'), 0)
  await rename(`${config}.away`, config)
  await waitFor(
    'the repository is reachable',
    async () => (await figure(other, 'kopia_agent_repository_reachable')) === 1 || undefined,
  )
})

test('a log directory that is created after the start is watched', async (context) => {
  const lab = await createLab(context)
  const path = await lab.makeSource('photos')
  await rm(lab.kopia.logDirectory, { recursive: true })
  await lab.startAgent()
  await lab.kopia.must('snapshot', 'create', path)
  assert.equal((await figuresAfter(lab.gateway, path, 1)).status, 1)
})

test('a broken event is set aside and reported, and the other events are processed', async (context) => {
  const lab = await createLab(context)
  const path = await lab.makeSource('photos')
  await installHooks(lab.kopia, path)
  const agent = await lab.startAgent()
  await writeFile(join(lab.spool, 'broken.event'), 'rubbish')
  await lab.kopia.must('snapshot', 'create', '--disable-file-logging', path)
  await figuresAfter(lab.gateway, path, 1)
  await waitFor(
    'only the broken event is left',
    async () => (await readdir(lab.spool)).join() === 'broken.event.broken' || undefined,
  )
  assert.equal(occurrences(agent.output(), 'broken.event in the spool is set aside'), 1)
})

test('an unexpected answer of Kopia is reported with the name of the command', async (context) => {
  const lab = await createLab(context)
  const binary = join(lab.folder, 'another-kopia')
  await writeFile(binary, '#!/bin/sh\necho "no JSON"\n', { mode: 0o755 })
  const agent = await lab.startAgent({ KOPIA_METRICS_KOPIA_BIN: binary })
  assert.match(agent.output(), /kopia repository status: unexpected answer: expected JSON, found "no JSON"/)
  assert.equal((await fetch(`${agent.url}/-/ready`)).status, 200)
})

test('no password appears in the output, on the pages, in the ledger or in the process arguments', async (context) => {
  const lab = await createLab(context)
  const path = await lab.makeSource('photos')
  await installHooks(lab.kopia, path)
  const webPassword = join(lab.folder, 'web-password')
  await writeFile(webPassword, 'secret of the listener')
  const agent = await lab.startAgent({
    KOPIA_METRICS_LOG_LEVEL: 'debug',
    KOPIA_METRICS_PUSHGATEWAY_USERNAME: 'agent',
    KOPIA_METRICS_PUSHGATEWAY_PASSWORD: 'secret of the gateway',
    KOPIA_METRICS_WEB_USERNAME: 'prometheus',
    KOPIA_METRICS_WEB_PASSWORD_FILE: webPassword,
  })
  await lab.kopia.run('snapshot', 'create', path)
  await figuresAfter(lab.gateway, path, 1)
  const authorization = `Basic ${Buffer.from('prometheus:secret of the listener').toString('base64')}`
  const read = async (url: string) => (await fetch(url, { headers: { authorization } })).text()
  const shown = await Promise.all(
    [`${agent.url}/`, `${agent.url}/metrics`, `${lab.gateway.url}/metrics`].map(read),
  )
  const processArguments = await readFile(`/proc/${agent.child.pid}/cmdline`, 'utf8')
  await agent.stop()
  const ledger = await readFile(join(lab.stateDirectory, 'ledger.json'), 'utf8')
  assert.match(shown.join(), /kopia_backup_status/)
  for (const password of [lab.kopia.environment.KOPIA_PASSWORD ?? '', 'secret of the'])
    for (const text of [agent.output(), ...shown, ledger, processArguments])
      assert.ok(!text.includes(password), text)
})
