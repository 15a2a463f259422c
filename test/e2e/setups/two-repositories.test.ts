// Two repositories of one user (a NAS and a cloud) whose runs lie in one log directory.

import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { breakAction, createLab, figuresAfter, figuresOf, type Lab } from '../../support/lab.ts'
import { addGate, begin } from '../../support/setups/gate.ts'
import { bringBack, removeActions, takeAway } from '../../support/setups/repository.ts'
import { everySecond, noAttempts, valueOf, waitForValue } from '../../support/setups/series.ts'
import { makeMaintenanceDue } from '../../support/setups/slow-maintenance.ts'

const one = (outcome: 'success' | 'failed') => ({ ...noAttempts, [outcome]: 1 })
const unattributed = 'kopia_agent_runs_unattributed_total'

/** Backs up a path into the cloud, slowly enough that an agent sees the process. */
async function backUpSeen(context: TestContext, cloud: Lab, path: string, exitCode = 0): Promise<void> {
  const gate = await addGate(context, cloud.kopia, path, exitCode)
  const backup = begin(context, cloud.kopia, 'snapshot', 'create', path)
  await gate.reached()
  // An agent looks at a run within a second of its first line.
  await new Promise((resolve) => setTimeout(resolve, 1500))
  await gate.open()
  assert.equal(await backup.ended, exitCode === 0 ? 0 : 1, backup.output())
}

/** Backs up a further source of the NAS: once it is counted, the agent has read all runs before it. */
let bystanders = 0
async function letAgentLook(nas: Lab): Promise<void> {
  bystanders += 1
  const path = await nas.makeSource(`bystander-${bystanders}`)
  await nas.kopia.must('snapshot', 'create', path)
  assert.deepEqual((await figuresAfter(nas.gateway, path, 1)).attempts, one('success'))
}

test('the agent of one repository: runs of the other one touch none of its sources', async (context) => {
  const nas = await createLab(context)
  const cloud = await createLab(context, nas.kopia.logDirectory)
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
    await backUpSeen(context, cloud, good)
    await letAgentLook(nas)
    assert.deepEqual(await figuresOf(nas.gateway, good), before)
    assert.equal(before.status, 1)
  })

  await context.test('a failed backup of the same source', async () => {
    const before = await figuresOf(nas.gateway, bad)
    await backUpSeen(context, cloud, bad, 3)
    await letAgentLook(nas)
    assert.deepEqual(await figuresOf(nas.gateway, bad), before)
    assert.equal(await valueOf(nas.gateway, 'kopia_command_status', { command: 'snapshot create' }), 1)
  })

  await context.test('"Not saving snapshot" there is no success of a source that fails here', async () => {
    await cloud.kopia.must('policy', 'set', identical, '--ignore-identical-snapshots=true')
    await cloud.kopia.must('snapshot', 'create', identical)
    await breakAction(nas, identical)
    await nas.kopia.run('snapshot', 'create', identical)
    const failed = await figuresAfter(nas.gateway, identical, 1)
    assert.deepEqual([failed.status, failed.attempts], [0, one('failed')])
    await backUpSeen(context, cloud, identical)
    await letAgentLook(nas)
    assert.deepEqual(await figuresOf(nas.gateway, identical), failed)
  })

  await context.test('a good backup there while this repository is away', async () => {
    await breakAction(nas, away)
    await nas.kopia.run('snapshot', 'create', away)
    const failed = await figuresAfter(nas.gateway, away, 1)
    await takeAway(nas.kopia)
    await waitForValue(nas.gateway, 0, 'kopia_agent_repository_reachable')
    await nas.kopia.run('snapshot', 'create', away)
    await waitForValue(nas.gateway, 0, 'kopia_command_status', { command: 'snapshot create' })
    await backUpSeen(context, cloud, away)
    await bringBack(nas.kopia)
    await waitForValue(nas.gateway, 1, 'kopia_agent_repository_reachable')
    assert.equal(await valueOf(nas.gateway, 'kopia_command_status', { command: 'snapshot create' }), 0)
    await letAgentLook(nas)
    assert.deepEqual(await figuresOf(nas.gateway, away), failed)
    await removeActions(nas.kopia, away)
  })

  await context.test('all of these runs were attributed', async () => {
    assert.equal(await valueOf(nas.gateway, unattributed), 0)
  })

  await context.test('a run that no agent saw, but whose log names its configuration', async () => {
    const before = await figuresOf(nas.gateway, named)
    await agent.stop()
    await cloud.kopia.must('snapshot', 'create', named)
    agent = await nas.startAgent(everySecond)
    await letAgentLook(nas)
    assert.deepEqual(await figuresOf(nas.gateway, named), before)
    assert.equal(await valueOf(nas.gateway, unattributed), 0)
  })

  await context.test('a run that no agent saw, and that nothing tells apart, is counted as such', async () => {
    await cloud.kopia.must('maintenance', 'set', '--enable-quick=false', '--enable-full=false')
    const before = await figuresOf(nas.gateway, unseen)
    await agent.stop()
    await cloud.kopia.must('snapshot', 'create', unseen)
    const script = await breakAction(cloud, unseen)
    assert.notEqual((await cloud.kopia.run('snapshot', 'create', unseen)).exitCode, 0, script)
    agent = await nas.startAgent(everySecond)
    await letAgentLook(nas)
    assert.deepEqual(await figuresOf(nas.gateway, unseen), before)
    assert.equal(await valueOf(nas.gateway, unattributed), 2)
  })
})

test('an agent for each of the two repositories: each counts its own runs, of the same source', async (context) => {
  const nas = await createLab(context)
  const cloud = await createLab(context, nas.kopia.logDirectory)
  const path = await nas.makeSource('photos')
  for (const { kopia } of [nas, cloud]) await kopia.must('snapshot', 'create', path)
  for (const lab of [nas, cloud]) await lab.startAgent(everySecond)
  for (const [index, lab] of [nas, cloud, nas].entries()) {
    await writeFile(join(path, 'news'), `${index}`)
    await backUpSeen(context, lab, path)
  }
  const ofNas = await figuresAfter(nas.gateway, path, 2)
  const ofCloud = await figuresAfter(cloud.gateway, path, 1)
  assert.deepEqual([ofNas.status, ofNas.attempts, ofNas.snapshots.all], [1, { ...noAttempts, success: 2 }, 3])
  assert.deepEqual([ofCloud.status, ofCloud.attempts, ofCloud.snapshots.all], [1, one('success'), 2])
  await breakAction(cloud, path)
  await cloud.kopia.run('snapshot', 'create', path)
  const failed = await figuresAfter(cloud.gateway, path, 2)
  assert.deepEqual([failed.status, failed.attempts], [0, { ...noAttempts, success: 1, failed: 1 }])
  await letAgentLook(nas)
  assert.deepEqual(await figuresOf(nas.gateway, path), ofNas)
})

test('the configuration of the other run is named by a flag, as KopiaUI does', async (context) => {
  const nas = await createLab(context)
  const cloud = await createLab(context, nas.kopia.logDirectory)
  const path = await nas.makeSource('photos')
  await nas.kopia.must('snapshot', 'create', path)
  await nas.startAgent(everySecond)
  const before = await figuresOf(nas.gateway, path)
  const gate = await addGate(context, cloud.kopia, path)
  const flag = `--config-file=${join(cloud.kopia.folder, 'repository.config')}`
  // The environment names the configuration of the NAS, and Kopia prefers the flag.
  const backup = begin(context, nas.kopia, flag, 'snapshot', 'create', path)
  await gate.reached()
  await new Promise((resolve) => setTimeout(resolve, 1500))
  await gate.open()
  assert.equal(await backup.ended, 0, backup.output())
  await letAgentLook(nas)
  assert.deepEqual(await figuresOf(nas.gateway, path), before)
  assert.equal(await valueOf(nas.gateway, unattributed), 0)
})
