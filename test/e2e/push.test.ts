// `kopia-metrics-agent push`, as cron calls it, and the errors for wrong input.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLab, figuresOf, type Lab } from '../support/lab.ts'
import { start } from '../support/processes.ts'
import { scrape } from '../support/prometheus.ts'
import { agentEntry, type Service } from '../support/stack.ts'
import { tool } from '../support/tools.ts'
import { sourcesVersionLine } from '../support/version-line.ts'
import { waitFor } from '../support/wait.ts'

type Result = { readonly exitCode: number | NodeJS.Signals; readonly output: string }

async function agent(parameters: readonly string[], environment: NodeJS.ProcessEnv = {}): Promise<Result> {
  const running = start('agent', process.execPath, [agentEntry, ...parameters], { environment })
  return { exitCode: await running.ended, output: running.output() }
}

function push(lab: Lab, url: string): Promise<Result> {
  return agent(['push', `--pushgateway-url=${url}`], {
    ...lab.kopia.environment,
    KOPIA_METRICS_STATE_DIR: lab.stateDirectory,
    KOPIA_METRICS_KOPIA_BIN: tool('kopia'),
  })
}

test('push updates the ledger, pushes once, and exits with 0 or 1', async (context) => {
  const lab = await createLab(context)
  const path = await lab.makeSource('photos')
  assert.equal((await push(lab, lab.gateway.url)).exitCode, 0)
  await lab.kopia.must('snapshot', 'create', path)
  assert.equal((await push(lab, lab.gateway.url)).exitCode, 0)
  const figures = await figuresOf(lab.gateway, path)
  assert.deepEqual([figures.status, figures.sizeBytes, figures.snapshots.all], [1, 1400, 1])
  assert.deepEqual(figures.attempts, { success: 1, failed: 0, incomplete: 0 })
  const failed = await push(lab, 'http://127.0.0.1:1')
  assert.equal(failed.exitCode, 1)
  assert.match(failed.output, /Pushing to http:\/\/127\.0\.0\.1:1 failed: /)
  assert.equal((await push(lab, lab.gateway.url)).exitCode, 0)
  assert.deepEqual((await figuresOf(lab.gateway, path)).attempts, { success: 1, failed: 0, incomplete: 0 })
  const nowhere = await push(lab, '')
  assert.equal(nowhere.exitCode, 1)
  assert.match(nowhere.output, /Nobody got the metrics: both pushgateway_url and textfile are empty/)
})

test('--version and --help', async () => {
  assert.match((await agent(['--version'])).output, sourcesVersionLine())
  const help = await agent(['--help'])
  assert.equal(help.exitCode, 0)
  assert.match(help.output, /Usage: kopia-metrics-agent <command>[\s\S]*KOPIA_METRICS_PUSHGATEWAY_URL/)
})

const mistakes: readonly (readonly [string, readonly string[], NodeJS.ProcessEnv, RegExp])[] = [
  ['no command', [], {}, /expected one command/],
  ['an unknown command', ['watch'], {}, /expected one command, found "watch"/],
  ['no target', ['install-hooks'], {}, /install-hooks: expected either sources or --global/],
  ['an unknown flag', ['run', '--jobb=x'], {}, /--jobb/],
  ['a bad URL', ['run', '--pushgateway-url=nowhere'], {}, /flag --pushgateway-url: expected a URL/],
  [
    'a bad cron expression',
    ['run'],
    { KOPIA_METRICS_REFRESH_SCHEDULE: '61 * * * *' },
    /KOPIA_METRICS_REFRESH_SCHEDULE: expected a cron/,
  ],
  [
    'a missing file',
    ['push', '--config=/nowhere/config.yaml'],
    {},
    /\/nowhere\/config\.yaml: it can't be read/,
  ],
]

for (const [name, parameters, environment, message] of mistakes) {
  test(`${name}: one line, exit 2, no stack`, async () => {
    const { exitCode, output } = await agent(parameters, environment)
    assert.equal(exitCode, 2)
    assert.match(output, message)
    assert.match(output, /^kopia-metrics-agent: [^\n]*\n$/)
  })
}

/** How many pushes a gateway has taken. */
async function pushesTaken(gateway: Service): Promise<number> {
  const requests = (await scrape(gateway.url)).get('pushgateway_http_requests_total') ?? []
  return requests.find(({ labels }) => labels.handler === 'push' && labels.method === 'put')?.value ?? 0
}

test('a heartbeat that finds nothing new is one push', async (context) => {
  const lab = await createLab(context)
  const agent = await lab.startAgent({
    KOPIA_METRICS_REFRESH_SCHEDULE: '*/10 * * * * *',
    // The offset of this name is 0, so the heartbeat does not come late (agent/daemon/schedule.ts).
    KOPIA_METRICS_INSTANCE: 'vm-204',
  })
  await waitFor('the figures of the start are on the gateway', async () =>
    (await scrape(lab.gateway.url)).get('kopia_repository_size_bytes'),
  )
  const before = await pushesTaken(lab.gateway)
  await waitFor('a heartbeat', async () => (await pushesTaken(lab.gateway)) > before || undefined)
  // The heartbeat is one push, and the stop is another.
  assert.equal(await agent.stop(), 0, agent.output())
  assert.equal(await pushesTaken(lab.gateway), before + 2)
})
