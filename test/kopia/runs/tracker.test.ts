// A log and the calls of hooks come by different ways, in any order: what they tell is one run.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setImmediate as nextEventLoopTurn } from 'node:timers/promises'
import type { HookCall } from '../../../agent/kopia/runs/run.ts'
import { createRunTracker, type RunTracker } from '../../../agent/kopia/runs/tracker.ts'
import { cleanUpAfter } from '../../support/cleanup.ts'
import { temporaryFolder } from '../../support/folder.ts'

/** Above the largest that Linux gives (pid_max in proc_sys_kernel(5)): nobody has it. */
const processId = 4_194_305
const fileName = `kopia-20261124-113623-${processId}-snapshot-create.0.log`
const call: HookCall = {
  action: 'before',
  phase: 'call',
  callId: 'c1',
  path: '/data',
  processId,
  at: Date.parse('2026-11-24T11:36:47.4Z') / 1000,
}

async function startTracking(
  context: TestContext,
  takeHookCalls?: () => Promise<void>,
): Promise<{ tracker: RunTracker; directory: string }> {
  const directory = join(await temporaryFolder(context), 'cli-logs')
  await mkdir(directory)
  const tracker = createRunTracker({
    directory,
    runs: new Map(),
    nowSeconds: () => call.at,
    onFault: (name, error) => assert.fail(`${name}: ${error}`),
    ...(takeHookCalls && { takeHookCalls }),
  })
  return { tracker, directory }
}

const writeLog = (directory: string) =>
  writeFile(
    join(directory, fileName),
    '2026-11-24T11:36:47.347300Z INFO kopia/cli Snapshotting root@vm:/data ...\n',
  )

test('a call that arrives while the log of its process is read for the first time belongs to that run', async (context) => {
  for (let steps = 0; steps < 20; steps += 1) {
    const { tracker, directory } = await startTracking(context)
    await writeLog(directory)
    const reading = tracker.read(fileName)
    for (let step = 0; step < steps; step += 1) await nextEventLoopTurn()
    await Promise.all([reading, tracker.addHookCall(call)])
    assert.deepEqual(
      [...tracker.runs.values()].map((run) => run.state === 'open' && run.hookCalls),
      [[call]],
      `after ${steps} turns of the event loop`,
    )
  }
})

test('a call that arrives before the log of its process is seen is adopted by its run', async (context) => {
  const { tracker, directory } = await startTracking(context)
  await tracker.addHookCall(call)
  await writeLog(directory)
  await tracker.read(fileName)
  assert.deepEqual(
    [...tracker.runs].map(([runId, run]) => [runId, run.state === 'open' && run.hookCalls]),
    [[`20261124-113623-${processId}-snapshot-create`, [call]]],
  )
})

test('a call that is found only once its process has gone belongs to the run that is ended then', async (context) => {
  const child = spawn('sleep', ['60'])
  cleanUpAfter(context, () => child.kill('SIGKILL'))
  const before = { ...call, processId: child.pid ?? 0 }
  const after: HookCall = { ...before, action: 'after' }
  const { tracker } = await startTracking(context, () => tracker.addHookCall(after))
  await tracker.addHookCall(before)
  await tracker.endFinishedRuns()
  const calls = () =>
    [...tracker.runs.values()].map((run) => [run.state, run.state !== 'settled' && run.hookCalls])
  assert.deepEqual(calls(), [['open', [before]]])
  child.kill('SIGKILL')
  await once(child, 'exit')
  await tracker.endFinishedRuns()
  assert.deepEqual(calls(), [['ended', [before, after]]])
})
