// Part of `npm run test:full`: costs that must not rise unnoticed. Times are compared only with times that were measured in turn;
// memory and calls of Kopia are the same on every machine. `npm run bench` has all figures.

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { settingsOf } from '../support/agent-command.ts'
import { createLab } from '../support/lab.ts'
import { waitFor } from '../support/wait.ts'
import { startBuiltAgent } from './agent.ts'
import { median } from './bench.ts'
import { callsPerBackup, watchCalls } from './day.ts'
import { measureSize } from './growth.ts'
import { hookMilliseconds } from './hook.ts'
import { residentMebibytes, withFolder } from './measure.ts'
import { measureReaders } from './read-logs.ts'
import { writeTree } from './verify/tree.ts'
import { measureVerify } from './verify/verify-process.ts'

test('a hook call takes less than five empty shells, and half of a push by Node', () =>
  withFolder(async (folder, context) => {
    const of = await hookMilliseconds(folder, context, 5)
    const [hook, shell, node] = [median(of('hook')), median(of('shell')), median(of('node'))]
    assert.ok(hook < 5 * shell, `hook ${hook} ms, sh -c : ${shell} ms`)
    assert.ok(hook < node / 2, `hook ${hook} ms, a push by Node ${node} ms`)
  }))

test('the agent reads a log at a quarter of the speed of grep or faster, and faster than line by line', () =>
  withFolder(async (folder) => {
    const of = await measureReaders(folder, 100e6, 7)
    const [agent, grep, readline] = [median(of('agent')), median(of('grep')), median(of('readline'))]
    assert.ok(agent < 4 * grep, `agent ${agent} ms, grep -c ${grep} ms`)
    assert.ok(agent < readline, `agent ${agent} ms, readline ${readline} ms`)
  }))

test('the agent calls Kopia once per backup', () =>
  withFolder(async (folder, context) => {
    const { calls } = await callsPerBackup(await watchCalls(folder, context), 5)
    assert.equal(calls, 1)
  }))

test('an idle agent takes at most 68 MiB', () =>
  withFolder(async (_, context) => {
    const lab = await createLab(context)
    await lab.kopia.must('snapshot', 'create', await lab.makeSource('photos'))
    const agent = await startBuiltAgent(
      context,
      { stateDirectory: lab.stateDirectory, kopiaEnvironment: lab.kopia.environment },
      { KOPIA_METRICS_PUSHGATEWAY_URL: lab.gateway.url },
    )
    // V8 gives back what the start took when it is idle, half a minute later.
    await sleep(30_000)
    await waitFor('the memory of the start is given back', () =>
      residentMebibytes(agent.processId) <= 68 ? true : undefined,
    )
  }))

test('a verification of 100,000 files takes at most 100 MiB of its own', () =>
  withFolder(async (_, context) => {
    const lab = await createLab(context)
    const path = join(lab.folder, 'sources', 'large')
    writeTree(path, { files: 100_000, meanBytes: 500 }, 1)
    await lab.kopia.must('snapshot', 'create', path)
    const { agentMebibytes } = await measureVerify(settingsOf(lab), ['--percent=1', '--restore=3', path])
    assert.ok(agentMebibytes > 0 && agentMebibytes <= 100, `${agentMebibytes} MiB`)
  }))

test('the CPU of a metrics text is proportional to the sources, and 10,000 sources keep their memory budget', async () => {
  const [few, many] = [
    await withFolder((folder, context) => measureSize(folder, context, 1000)),
    await withFolder((folder, context) => measureSize(folder, context, 10_000)),
  ]
  const perSource = (of: typeof few) => median(of.textMilliseconds) / of.sources
  assert.ok(perSource(many) < 3 * perSource(few), `${perSource(many)} and ${perSource(few)} ms`)
  assert.ok(many.resident <= 200, `${many.resident} MiB`)
})
