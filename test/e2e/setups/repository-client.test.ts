// The client of a repository server: nothing that a client cannot do counts as a fault.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { breakAction, createLab, figuresAfter } from '../../support/lab.ts'
import { scrape } from '../../support/prometheus.ts'
import { observeUntil } from '../../support/setups/observations.ts'
import { recordKopia } from '../../support/setups/recorded-kopia.ts'
import { asClientOfServer } from '../../support/setups/repository-server.ts'
import type { Service } from '../../support/stack.ts'
import { waitFor } from '../../support/wait.ts'

const none = { success: 0, failed: 0, incomplete: 0 } as const

async function commandStatus(service: Service): Promise<number | undefined> {
  const series = (await scrape(service.url)).get('kopia_command_status') ?? []
  return series.find(({ labels }) => labels.command === 'snapshot create')?.value
}

async function reachable(service: Service): Promise<number | undefined> {
  return (await scrape(service.url)).get('kopia_agent_repository_reachable')?.[0]?.value
}

test('a good backup is a good command, a failed one is a failed command', async (context) => {
  const lab = await asClientOfServer(context, await createLab(context))
  const path = await lab.makeSource('photos')
  await lab.startAgent()
  assert.equal((await lab.kopia.run('snapshot', 'create', path)).exitCode, 0)
  const good = await figuresAfter(lab.gateway, path, 1)
  assert.deepEqual([good.status, good.attempts], [1, { ...none, success: 1 }])
  await waitFor('the command counts as a good one', async () =>
    (await commandStatus(lab.gateway)) === 1 ? true : undefined,
  )
  await breakAction(lab, path)
  assert.equal((await lab.kopia.run('snapshot', 'create', path)).exitCode, 1)
  const failed = await figuresAfter(lab.gateway, path, 2)
  assert.deepEqual([failed.status, failed.attempts], [0, { ...none, success: 1, failed: 1 }])
  await waitFor('the command counts as a failed one', async () =>
    (await commandStatus(lab.gateway)) === 0 ? true : undefined,
  )
})

test('the repository stays reachable, also after questions that only a direct repository answers', async (context) => {
  const lab = await asClientOfServer(context, await createLab(context))
  const path = await lab.makeSource('photos')
  assert.equal((await lab.kopia.run('snapshot', 'create', path)).exitCode, 0)
  const kopia = await recordKopia(lab)
  const agent = await lab.startAgent({
    KOPIA_METRICS_KOPIA_BIN: kopia.program,
    KOPIA_METRICS_REPOSITORY_SCHEDULE: '* * * * * *',
  })
  await waitFor('the repository is reachable', async () =>
    (await reachable(lab.gateway)) === 1 ? true : undefined,
  )
  // Each round of questions about the repository begins with its status.
  const rounds = async () => (await kopia.calls()).filter((call) => call.includes('repository status')).length
  const before = await rounds()
  const threeRounds = waitFor('three rounds of questions', async () =>
    (await rounds()) >= before + 3 ? true : undefined,
  )
  const seen = await observeUntil(threeRounds, () => reachable(lab.gateway))
  assert.deepEqual([...new Set(seen)], [1])
  const complaints = agent.output().match(/direct repository/g) ?? []
  assert.ok(complaints.length <= 1, agent.output())
})
