// The gate: what must not get worse unseen. Times are compared only with others of the same moments; memory and calls of
// Kopia's are what they are on any machine. The whole truth is told by `npm run bench`.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { createLab } from '../support/lab.ts'
import { startBuiltAgent } from './agent.ts'
import { median } from './bench.ts'
import { callsPerBackup, watchCalls } from './day.ts'
import { measureSize } from './growth.ts'
import { hookMilliseconds } from './hook.ts'
import { residentMebibytes, withFolder } from './measure.ts'
import { measureReaders } from './read-logs.ts'

test('a hook costs a few shells at the most, and less than a push', () =>
  withFolder(async (folder, context) => {
    const of = await hookMilliseconds(folder, context, 5)
    const [hook, shell, node] = [median(of('hook')), median(of('shell')), median(of('node'))]
    assert.ok(hook < 5 * shell, `hook ${hook} ms, sh -c : ${shell} ms`)
    assert.ok(hook < node / 2, `hook ${hook} ms, a push by Node ${node} ms`)
  }))

test('logs are read nearly as fast as by grep, and faster than line by line', () =>
  withFolder(async (folder) => {
    const of = await measureReaders(folder, 100e6, 7)
    const [agent, grep, readline] = [median(of('agent')), median(of('grep')), median(of('readline'))]
    assert.ok(agent < 4 * grep, `agent ${agent} ms, grep -c ${grep} ms`)
    assert.ok(agent < readline, `agent ${agent} ms, readline ${readline} ms`)
  }))

test('Kopia is asked once per backup', () =>
  withFolder(async (folder, context) => {
    const { calls } = await callsPerBackup(await watchCalls(folder, context), 5)
    assert.equal(calls, 1)
  }))

test('an agent that waits is small', () =>
  withFolder(async (_, context) => {
    const lab = await createLab(context)
    await lab.kopia.must('snapshot', 'create', await lab.makeSource('photos'))
    const agent = await startBuiltAgent(
      context,
      { stateDirectory: lab.stateDirectory, kopiaEnvironment: lab.kopia.environment },
      { KOPIA_METRICS_PUSHGATEWAY_URL: lab.gateway.url },
    )
    await sleep(10_000)
    const resident = residentMebibytes(agent.processId)
    assert.ok(resident < 70, `${resident} MiB`)
  }))

test('a picture of many sources costs little more per source than one of few, and 10,000 fit into the memory', async () => {
  const [few, many] = [
    await withFolder((folder, context) => measureSize(folder, context, 1000)),
    await withFolder((folder, context) => measureSize(folder, context, 10_000)),
  ]
  const perSource = (of: typeof few) => median(of.pictureMilliseconds) / of.sources
  assert.ok(perSource(many) < 3 * perSource(few), `${perSource(many)} and ${perSource(few)} ms`)
  assert.ok(many.resident < 125, `${many.resident} MiB`)
})
