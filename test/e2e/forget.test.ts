// `kopia-metrics-agent forget` on real gateways.

import assert from 'node:assert/strict'
import { hostname } from 'node:os'
import { test } from 'node:test'
import { type CommandResult, runAgentCommand, runAgentCommandWith } from '../support/agent-command.ts'
import { cleanUpAfter } from '../support/cleanup.ts'
import { createLab, type Lab } from '../support/lab.ts'
import { scrape } from '../support/prometheus.ts'
import { gatewayUser, startGuardedPushgateway } from '../support/stack.ts'
import { waitFor } from '../support/wait.ts'

async function instancesOf(lab: Lab): Promise<readonly string[]> {
  const series = (await scrape(lab.gateway.url)).get('kopia_agent_build_info') ?? []
  return series.map(({ labels }) => `${labels.job} ${labels.instance} ${labels.site ?? ''}`.trim()).sort()
}

/** Waits, because the gateway answers before it has deleted a group. */
async function waitForInstances(lab: Lab, expected: readonly string[]): Promise<void> {
  await waitFor(`the gateway holds ${expected}`, async () =>
    String(await instancesOf(lab)) === String(expected) ? true : undefined,
  )
}

function assertRefused({ exitCode, output }: CommandResult, reason: RegExp): void {
  assert.equal(exitCode, 1, output)
  assert.match(output, reason)
  assert.match(output, /^kopia-metrics-agent: forget: [^\n]*\n$/)
}

test('forget deletes only the group of its settings, and reports what the group held', async (context) => {
  const lab = await createLab(context)
  await lab.kopia.must('snapshot', 'create', await lab.makeSource('photos'))
  await lab.kopia.must('snapshot', 'create', await lab.makeSource('mail'))
  for (const more of [[], ['--instance=a/b'], ['--grouping=site=berlin'], ['--job=other']]) {
    assert.equal((await runAgentCommand(lab, 'push', ...more)).exitCode, 0)
  }
  const own = hostname()
  await waitForInstances(lab, ['kopia a/b', `kopia ${own}`, `kopia ${own} berlin`, `other ${own}`].sort())
  const deleted = await runAgentCommand(lab, 'forget')
  assert.equal(deleted.exitCode, 0, deleted.output)
  assert.match(
    deleted.output,
    new RegExp(
      `^Deleted \\{job="kopia", instance="${own}"\\} from ${lab.gateway.url}: \\d{2,} series of 2 sources, last pushed \\d+ s ago\\.\\n$`,
    ),
  )
  await waitForInstances(lab, ['kopia a/b', `kopia ${own} berlin`, `other ${own}`].sort())
  const again = await runAgentCommand(lab, 'forget')
  assert.equal(again.exitCode, 0)
  assert.match(again.output, /^Nothing to delete: .* Of this job it holds:\n {2}\{/)
  assert.equal((await runAgentCommand(lab, 'forget', '--instance=a/b')).exitCode, 0)
  await waitForInstances(lab, [`kopia ${own} berlin`, `other ${own}`].sort())
})

test('forget refuses to delete the group of a running agent, and deletes another one', async (context) => {
  const lab = await createLab(context)
  assert.equal((await runAgentCommand(lab, 'push', '--instance=retired')).exitCode, 0)
  await lab.startAgent()
  await waitForInstances(lab, [`kopia ${hostname()}`, 'kopia retired'].sort())
  assertRefused(await runAgentCommand(lab, 'forget'), /an agent with pid \d+ runs on .*: stop it first/)
  const other = await runAgentCommand(lab, 'forget', '--instance=retired')
  assert.equal(other.exitCode, 0, other.output)
  assert.match(
    other.output,
    /^Deleted \{job="kopia", instance="retired"\}[\s\S]*An agent with pid \d+ runs here/,
  )
  await waitForInstances(lab, [`kopia ${hostname()}`])
})

test('forget needs the right password, and reports why it failed', async (context) => {
  const lab = await createLab(context)
  const gateway = await startGuardedPushgateway(lab.folder)
  cleanUpAfter(context, () => gateway.stop())
  const guarded = {
    KOPIA_METRICS_PUSHGATEWAY_URL: gateway.url,
    KOPIA_METRICS_PUSHGATEWAY_USERNAME: gatewayUser.username,
    KOPIA_METRICS_PUSHGATEWAY_PASSWORD: gatewayUser.password,
  }
  assert.equal((await runAgentCommandWith(lab, guarded, 'push')).exitCode, 0)
  const wrong = { ...guarded, KOPIA_METRICS_PUSHGATEWAY_PASSWORD: 'wrong' }
  const refused = await runAgentCommandWith(lab, wrong, 'forget')
  assertRefused(refused, /did not delete \{.*\}: it answered 401/)
  assert.doesNotMatch(refused.output, /wrong/)
  const deleted = await runAgentCommandWith(lab, guarded, 'forget')
  assert.deepEqual(
    [deleted.exitCode, deleted.output.startsWith('Deleted {job="kopia"')],
    [0, true],
    deleted.output,
  )
  const away = { KOPIA_METRICS_PUSHGATEWAY_URL: 'http://127.0.0.1:1' }
  assertRefused(await runAgentCommandWith(lab, away, 'forget'), /did not delete/)
  assertRefused(await runAgentCommandWith(lab, { KOPIA_METRICS_PUSHGATEWAY_URL: '' }, 'forget'), /no gateway/)
})
