// The dashboards on installations of different sizes.

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { results } from '../../dashboards/src/queries/repository.ts'
import { answersTo, pageOf } from '../../tools/draw/page.ts'
import { escapeHtml } from '../../tools/draw/theme.ts'
import { cleanUpAfter } from '../support/cleanup.ts'
import { answerTo, choicesOf } from '../support/dashboards/answers.ts'
import { askerSince, figures } from '../support/dashboards/figures.ts'
import { readDashboards } from '../support/dashboards/model.ts'
import { openStage, type Stage, waitForQuery } from '../support/dashboards/stage.ts'
import { createKopiaLab } from '../support/kopia.ts'
import { startAgent } from '../support/stack.ts'

const aMinuteAgo = () => Date.now() / 1000 - 60

test('without a source no query errs, and nothing claims that all is well', async (context) => {
  const stage = await openStage(context, async () => undefined)
  const asker = askerSince(stage, aMinuteAgo())
  for (const dashboard of (await readDashboards()).values()) {
    const choices = await choicesOf(asker, dashboard, {})
    for (const panel of dashboard.panels) {
      for (const target of panel.targets) await answerTo(asker, panel, target, choices)
    }
  }
  for (const dashboard of (await readDashboards()).values()) {
    const drawing = { asker, theme: 'light', width: 1400 } as const
    const page = pageOf(dashboard, await answersTo(asker, dashboard), drawing)
    for (const { title } of dashboard.panels) assert.ok(page.includes(`>${escapeHtml(title)}<`), title)
  }
  assert.deepEqual(await figures(asker, { title: 'Need Attention' }), {})
  assert.deepEqual(await figures(asker, { title: 'Backup Success Rate' }), {})
  assert.deepEqual(Object.values(await figures(asker, { title: 'Silent Agents' })), [0])
  assert.equal(Object.keys(await figures(asker, { title: 'Agent Health', label: 'instance' })).length, 1)
  const tasks = await figures(asker, { title: 'Verify and Maintenance', label: 'task' })
  assert.equal(tasks['snapshot verify'], results.never)
})

/** A second machine with a repository and an agent of its own, which pushes to the same gateway. */
async function addMachine(context: TestContext, { lab }: Stage, host: string): Promise<string> {
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

test('a choice of host or path reaches agents and repositories through the agent that reports them', async (context) => {
  const stage = await openStage(context, async () => undefined)
  const path = await addMachine(context, stage, 'second')
  await waitForQuery(stage.prometheus, 'kopia_repository_size_bytes{instance="agent-of-second"}')
  await waitForQuery(stage.prometheus, 'kopia_backup_status{host="second"}')
  const asker = askerSince(stage, aMinuteAgo())
  const agents = async (selection: Record<string, readonly string[]>) =>
    Object.keys(await figures(asker, { title: 'Agent Health', label: 'instance', selection }))
  const repositories = async (selection: Record<string, readonly string[]>) =>
    Object.keys(await figures(asker, { title: 'Repository Size Growth', label: 'repository', selection }))
  assert.equal((await agents({})).length, 2)
  assert.equal((await repositories({})).length, 2)
  assert.deepEqual(await agents({ host: ['second'] }), ['agent-of-second'])
  assert.deepEqual(await agents({ path: [path] }), ['agent-of-second'])
  assert.equal((await repositories({ host: ['second'] })).length, 1)
})
