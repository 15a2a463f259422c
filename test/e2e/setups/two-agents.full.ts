// An agent beside a second one, or beside KopiaUI, whose runs for another repository lie in the same log directory.

import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { createLab, figuresAfter, figuresOf, knownFiguresOf } from '../../support/lab.ts'
import { start } from '../../support/processes.ts'
import { addGate } from '../../support/setups/gate.ts'
import { backUpSeen, letAgentLook, one } from '../../support/setups/onlookers.ts'
import { everySecond, noAttempts, readValue } from '../../support/setups/series.ts'
import { tool } from '../../support/tools.ts'

test('an agent for each of the two repositories: each counts its own runs, of the same source', async (context) => {
  const nas = await createLab(context)
  const cloud = await createLab(context, nas.kopia.logDirectory)
  const path = await nas.makeSource('photos')
  for (const { kopia } of [nas, cloud]) await kopia.must('snapshot', 'create', path)
  for (const lab of [nas, cloud]) await lab.startAgent(everySecond)
  const ways = [
    { from: nas, to: cloud },
    { from: cloud, to: nas },
    { from: cloud, to: nas },
  ]
  for (const [index, way] of ways.entries()) {
    await writeFile(join(path, 'news'), `${index}`)
    await backUpSeen(context, way, path)
  }
  const ofNas = await figuresAfter(nas.gateway, path, 2)
  const ofCloud = await figuresAfter(cloud.gateway, path, 1)
  assert.deepEqual([ofNas.status, ofNas.attempts, ofNas.snapshots.all], [1, { ...noAttempts, success: 2 }, 3])
  assert.deepEqual([ofCloud.status, ofCloud.attempts, ofCloud.snapshots.all], [1, one('success'), 2])
  await backUpSeen(context, { from: nas, to: cloud }, path, 3)
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
  const before = await knownFiguresOf(nas.gateway, path)
  const gate = await addGate(context, cloud.kopia, path)
  const flag = `--config-file=${cloud.kopia.environment.KOPIA_CONFIG_PATH}`
  // The environment names the configuration of the NAS, and Kopia prefers the flag.
  const { KOPIA_CONFIG_PATH } = nas.kopia.environment
  const environment = { ...cloud.kopia.environment, KOPIA_CONFIG_PATH }
  const backup = start('kopia', tool('kopia'), [flag, 'snapshot', 'create', path], { environment })
  await gate.reached()
  await letAgentLook(nas)
  await gate.open()
  assert.equal(await backup.ended, 0, backup.output())
  await letAgentLook(nas)
  assert.deepEqual(await figuresOf(nas.gateway, path), before)
  assert.equal(await readValue(nas.gateway, 'kopia_agent_runs_unattributed_total'), 0)
})
