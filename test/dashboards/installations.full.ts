// The dashboards with no source, and with two machines.

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { results } from '../../dashboards/src/queries/repository.ts'
import { pageOf, queryDashboard } from '../../tools/draw/page.ts'
import { escapeHtml } from '../../tools/draw/theme.ts'
import { cleanUpAfter } from '../support/cleanup.ts'
import { figures, queriesSince } from '../support/dashboards/figures.ts'
import { readDashboards } from '../support/dashboards/model.ts'
import { choicesOf, runTarget } from '../support/dashboards/prometheus-queries.ts'
import { type Scenario, startScenario, waitForQuery } from '../support/dashboards/scenario.ts'
import { createKopiaLab } from '../support/kopia.ts'
import { startAgent } from '../support/stack.ts'

const aMinuteAgo = () => Date.now() / 1000 - 60

test('without a source no query fails, and no panel says that all is well', async (context) => {
  const scenario = await startScenario(context, async () => undefined)
  const queries = queriesSince(scenario, aMinuteAgo())
  for (const dashboard of (await readDashboards()).values()) {
    const choices = await choicesOf(queries, dashboard, {})
    for (const panel of dashboard.panels) {
      for (const target of panel.targets) await runTarget(queries, panel, target, choices)
    }
  }
  for (const dashboard of (await readDashboards()).values()) {
    const drawing = { queries, theme: 'light', width: 1400 } as const
    const page = pageOf(dashboard, await queryDashboard(queries, dashboard), drawing)
    for (const { title } of dashboard.panels) assert.ok(page.includes(`>${escapeHtml(title)}<`), title)
  }
  assert.deepEqual(await figures(queries, { title: 'Need Attention' }), {})
  assert.deepEqual(await figures(queries, { title: 'Backup Success Rate' }), {})
  assert.deepEqual(Object.values(await figures(queries, { title: 'Silent Agents' })), [0])
  assert.equal(Object.keys(await figures(queries, { title: 'Agent Health', label: 'instance' })).length, 1)
  const tasks = await figures(queries, { title: 'Verify and Maintenance', label: 'task' })
  assert.equal(tasks['snapshot verify'], results.never)
})

/** Adds a second machine with its own repository and agent, which pushes to the same gateway. */
async function addMachine(context: TestContext, { lab }: Scenario, host: string): Promise<string> {
  const stateDirectory = join(lab.folder, host, 'state')
  const kopia = await createKopiaLab(join(lab.folder, host), stateDirectory)
  const repository = `--path=${join(lab.folder, host, 'repository')}`
  await kopia.must('repository', 'connect', 'filesystem', repository, `--override-hostname=${host}`)
  const path = await lab.makeSource(`of-${host}`)
  await kopia.must('snapshot', 'create', path)
  const agent = await startAgent(
    { stateDirectory, kopiaEnvironment: kopia.environment },
    { KOPIA_METRICS_PUSHGATEWAY_URL: lab.gateway.url, KOPIA_METRICS_INSTANCE: `agent-of-${host}` },
  )
  cleanUpAfter(context, () => agent.stop())
  return path
}

test('a selected host or path also selects the agent that reports it and its repository', async (context) => {
  const scenario = await startScenario(context, async () => undefined)
  const path = await addMachine(context, scenario, 'second')
  await waitForQuery(scenario.prometheus, 'kopia_repository_size_bytes{instance="agent-of-second"}')
  await waitForQuery(scenario.prometheus, 'kopia_backup_status{host="second"}')
  const queries = queriesSince(scenario, aMinuteAgo())
  const agents = async (selection: Record<string, readonly string[]>) =>
    Object.keys(await figures(queries, { title: 'Agent Health', label: 'instance', selection }))
  const repositories = async (selection: Record<string, readonly string[]>) =>
    Object.keys(await figures(queries, { title: 'Repository Size Growth', label: 'repository', selection }))
  assert.equal((await agents({})).length, 2)
  assert.equal((await repositories({})).length, 2)
  assert.deepEqual(await agents({ host: ['second'] }), ['agent-of-second'])
  assert.deepEqual(await agents({ path: [path] }), ['agent-of-second'])
  assert.equal((await repositories({ host: ['second'] })).length, 1)
})
