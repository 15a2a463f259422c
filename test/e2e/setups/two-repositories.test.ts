// Two repositories of one user (a NAS and a cloud) whose runs lie in one log directory.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import {
  breakAction,
  createLab,
  figuresAfter,
  figuresOf,
  type Lab,
  type SourceFigures,
} from '../../support/lab.ts'
import { addGate, begin } from '../../support/setups/gate.ts'
import { backUpSeen, letAgentLook, one } from '../../support/setups/onlookers.ts'
import { bringBack, takeAway } from '../../support/setups/repository.ts'
import { everySecond, readValue, waitForValue } from '../../support/setups/series.ts'
import { makeMaintenanceDue } from '../../support/setups/slow-maintenance.ts'
import { waitFor } from '../../support/wait.ts'

const snapshotCreate = { command: 'snapshot create' }
const unattributed = 'kopia_agent_runs_unattributed_total'

/** Fails a backup of a path while the agent of its repository sees the process, and resolves with the figures. */
async function failSeen(context: TestContext, { gateway, kopia }: Lab, path: string): Promise<SourceFigures> {
  const gate = await addGate(context, kopia, path, 3)
  const backup = begin(context, kopia, 'snapshot', 'create', path)
  await gate.reached()
  await waitFor(`${path} runs`, async () => (await figuresOf(gateway, path)).runningSince)
  await gate.open()
  assert.equal(await backup.ended, 1, backup.output())
  const failed = await figuresAfter(gateway, path, 1)
  assert.deepEqual([failed.status, failed.attempts], [0, one('failed')])
  return failed
}

test('the agent of one repository: runs of the other one touch none of its sources', async (context) => {
  const nas = await createLab(context)
  const cloud = await createLab(context, nas.kopia.logDirectory)
  const toCloud = { from: nas, to: cloud }
  const names = ['good', 'bad', 'identical', 'away', 'unseen', 'named'] as const
  const [good = '', bad = '', identical = '', away = '', unseen = '', named = ''] = await Promise.all(
    names.map(nas.makeSource),
  )
  await nas.kopia.must('snapshot', 'create', good, bad, identical, away, unseen, named)
  await makeMaintenanceDue(cloud.kopia)
  let agent = await nas.startAgent(everySecond)
  await letAgentLook(nas)

  await context.test('a good backup of the same source', async () => {
    const before = await figuresOf(nas.gateway, good)
    await backUpSeen(context, toCloud, good)
    await letAgentLook(nas)
    assert.deepEqual(await figuresOf(nas.gateway, good), before)
    assert.equal(before.status, 1)
  })

  await context.test('a failed backup of the same source', async () => {
    const before = await figuresOf(nas.gateway, bad)
    await backUpSeen(context, toCloud, bad, 3)
    await letAgentLook(nas)
    assert.deepEqual(await figuresOf(nas.gateway, bad), before)
    assert.equal(await readValue(nas.gateway, 'kopia_command_status', snapshotCreate), 1)
  })

  await context.test('"Not saving snapshot" there is no success of a source that fails here', async () => {
    await cloud.kopia.must('policy', 'set', identical, '--ignore-identical-snapshots=true')
    await cloud.kopia.must('snapshot', 'create', identical)
    const failed = await failSeen(context, nas, identical)
    await backUpSeen(context, toCloud, identical)
    await letAgentLook(nas)
    assert.deepEqual(await figuresOf(nas.gateway, identical), failed)
  })

  await context.test('a good backup there while this repository is away', async () => {
    const failed = await failSeen(context, nas, away)
    await letAgentLook(nas)
    await waitForValue(nas.gateway, 1, 'kopia_command_status', snapshotCreate)
    // This backup runs when the repository goes away. Once its command has failed, the agent has seen both processes.
    const lost = await nas.makeSource('lost')
    const gate = await addGate(context, nas.kopia, lost)
    const backup = begin(context, nas.kopia, 'snapshot', 'create', lost)
    await gate.reached()
    await waitFor('it runs', async () => (await figuresOf(nas.gateway, lost)).runningSince)
    await takeAway(nas.kopia)
    await backUpSeen(context, toCloud, away, 0, async () => {
      await gate.open()
      assert.equal(await backup.ended, 1, backup.output())
      await waitForValue(nas.gateway, 0, 'kopia_command_status', snapshotCreate)
    })
    await bringBack(nas.kopia)
    const { status, attempts } = await figuresAfter(nas.gateway, lost, 1)
    assert.deepEqual([status, attempts], [0, one('failed')])
    await letAgentLook(nas)
    assert.deepEqual(await figuresOf(nas.gateway, away), failed)
  })

  await context.test('all of these runs were attributed', async () => {
    assert.equal(await readValue(nas.gateway, unattributed), 0)
  })

  await context.test('a run that no agent saw, but whose log names its configuration', async () => {
    const before = await figuresOf(nas.gateway, named)
    await agent.stop()
    await cloud.kopia.must('snapshot', 'create', named)
    agent = await nas.startAgent(everySecond)
    await letAgentLook(nas)
    assert.deepEqual(await figuresOf(nas.gateway, named), before)
    assert.equal(await readValue(nas.gateway, unattributed), 0)
  })

  await context.test(
    'a run that no agent saw, and that nothing tells apart, is counted as such',
    async () => {
      await cloud.kopia.must('maintenance', 'set', '--enable-quick=false', '--enable-full=false')
      const before = await figuresOf(nas.gateway, unseen)
      await agent.stop()
      await cloud.kopia.must('snapshot', 'create', unseen)
      const script = await breakAction(cloud, unseen)
      assert.notEqual((await cloud.kopia.run('snapshot', 'create', unseen)).exitCode, 0, script)
      agent = await nas.startAgent(everySecond)
      await letAgentLook(nas)
      assert.deepEqual(await figuresOf(nas.gateway, unseen), before)
      assert.equal(await readValue(nas.gateway, unattributed), 2)
    },
  )
})
