// Whether what an agent publishes arrives, as a real Pushgateway and a file tell, and what that says of plans.

import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { problemsWithPlan } from '../../agent/commands/setup-problems.ts'
import { isReadingPast, placeWithoutPush, publishedBy } from '../../agent/commands/setup-published.ts'
import { emptyLedger } from '../../agent/ledger/ledger.ts'
import { saveLedger } from '../../agent/ledger/store.ts'
import { push } from '../../agent/push/pushgateway.ts'
import type { PlannedAgent } from '../../agent/setup/plan-types.ts'
import { timerUnit } from '../../agent/setup/units.ts'
import { importOptions } from '../support/answering-store.ts'
import { cleanUpAfter } from '../support/cleanup.ts'
import { temporaryFolder } from '../support/folder.ts'
import { machineOf, repositoryOf, root } from '../support/setup/machine.ts'
import { startPushgateway } from '../support/stack.ts'

const machine = machineOf(root)

/** An agent whose file has these lines. */
async function agentWith(context: TestContext, ...lines: readonly string[]): Promise<PlannedAgent> {
  const folder = await temporaryFolder(context)
  const file = join(folder, 'config.yaml')
  await writeFile(file, [`state_dir: ${folder}`, ...lines, ''].join('\n'))
  return {
    name: undefined,
    repository: repositoryOf(root),
    file,
    format: 'yaml',
    user: root,
    unit: undefined,
    environment: {},
    state: 'existing',
    grouping: '',
    stateFolder: folder,
  }
}

async function gatewayFor(context: TestContext) {
  const gateway = await startPushgateway()
  cleanUpAfter(context, () => gateway.stop())
  const options = { ...importOptions(gateway.url), target: { kind: 'pushgateway' } } as const
  const pushOnce = async () =>
    assert.deepEqual(await push(options, ['up 1\n'], 'text/plain', new AbortController().signal), {
      ok: true,
    })
  const lines = [
    `pushgateway_url: ${gateway.url}`,
    `job: ${options.job}`,
    `instance: ${options.instance}`,
    ...(Object.keys(options.grouping).length > 0
      ? [
          `grouping: ${Object.entries(options.grouping)
            .map((pair) => pair.join('='))
            .join(',')}`,
        ]
      : []),
  ]
  return { url: gateway.url, lines, pushOnce }
}

test('a gateway that answers and holds nothing of the agent is named, and a push ends the wait', async (context) => {
  const { url, lines, pushOnce } = await gatewayFor(context)
  const agent = await agentWith(context, ...lines)
  assert.equal(await placeWithoutPush(agent, machine, undefined), url)
  const before = await publishedBy(agent, machine)
  const waiting = placeWithoutPush(agent, machine, before)
  await pushOnce()
  assert.equal(await waiting, undefined)
  const pushed = await publishedBy(agent, machine)
  const again = placeWithoutPush(agent, machine, pushed)
  await pushOnce()
  assert.equal(await again, undefined)
})

test('without a gateway the textfile counts, and what a timer starts must have either', async (context) => {
  const textfile = join(await temporaryFolder(context), 'kopia.prom')
  const writing = await agentWith(context, 'pushgateway_url: ""', `textfile: ${textfile}`)
  assert.equal(await placeWithoutPush(writing, machine, undefined), textfile)
  await writeFile(textfile, '')
  assert.equal(await placeWithoutPush(writing, machine, undefined), undefined)
  const listening = await agentWith(context, 'pushgateway_url: ""')
  assert.equal(await placeWithoutPush(listening, machine, undefined), undefined)
  const timed = { ...listening, unit: timerUnit }
  assert.equal(await placeWithoutPush(timed, machine, undefined), 'any gateway or textfile')
})

test('a configuration written by hand does not take the group that another agent pushes', async (context) => {
  const { lines, pushOnce } = await gatewayFor(context)
  const agent = await agentWith(context, ...lines)
  const plan = { agents: [agent], steps: [], kept: [], keptSecrets: [], advice: [] }
  assert.deepEqual(await problemsWithPlan(plan, machine, undefined), [])
  await pushOnce()
  assert.match(
    (await problemsWithPlan(plan, machine, undefined))[0] ?? '',
    /another agent pushes .* \(set that in \S+config\.yaml, /,
  )
  await writeFile(join(agent.stateFolder, 'ledger.json'), '{}')
  assert.deepEqual(await problemsWithPlan(plan, machine, undefined), [])
})

test('an agent without a unit has its ledger where this environment says, and is no other agent', async (context) => {
  const { lines, pushOnce } = await gatewayFor(context)
  const { file, ...agent } = await agentWith(context, ...lines)
  await writeFile(file, `${lines.join('\n')}\n`)
  const plan = { agents: [{ ...agent, file }], steps: [], kept: [], keptSecrets: [], advice: [] }
  await pushOnce()
  await writeFile(join(agent.stateFolder, 'ledger.json'), '{}')
  const { KOPIA_METRICS_STATE_DIR: earlier } = process.env
  process.env.KOPIA_METRICS_STATE_DIR = agent.stateFolder
  cleanUpAfter(context, () => {
    if (earlier === undefined) delete process.env.KOPIA_METRICS_STATE_DIR
    else process.env.KOPIA_METRICS_STATE_DIR = earlier
  })
  assert.deepEqual(await problemsWithPlan(plan, machine, undefined), [])
})

test('an agent that still reads what happened before its start is not one that is refused', async (context) => {
  const agent = await agentWith(context, 'pushgateway_url: ""')
  const isReading = (startedAt: number) => isReadingPast(agent, machine, startedAt)
  assert.equal(await isReading(0), false, 'no ledger: it has not begun')
  await saveLedger(agent.stateFolder, emptyLedger)
  assert.deepEqual([await isReading(0), await isReading(1000)], [true, true])
  await saveLedger(agent.stateFolder, { ...emptyLedger, upToDateAt: 1000 })
  assert.deepEqual([await isReading(0), await isReading(999), await isReading(1001)], [false, false, true])
})
