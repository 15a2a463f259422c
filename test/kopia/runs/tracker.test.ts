// The log and the hooks of one process make one run, in whatever order the tracker learns of them.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { setImmediate as nextEventLoopTurn } from 'node:timers/promises'
import { noEvidence } from '../../../agent/kopia/runs/evidence.ts'
import type { Processes } from '../../../agent/kopia/runs/process.ts'
import { type HookCall, newRun } from '../../../agent/kopia/runs/run.ts'
import type { RunTracker } from '../../../agent/kopia/runs/tracker.ts'
import { cleanUpAfter } from '../../support/cleanup.ts'
import { fileName, processId, runId, startOfLog, startTracking } from '../../support/tracking.ts'

const call: HookCall = {
  action: 'before',
  phase: 'call',
  callId: 'c1',
  path: '/data',
  processId,
  at: startOfLog,
}
const snapshotting = 'Snapshotting root@vm:/data ...'
const created = 'Created snapshot with root k4cf and ID be3aad43 in 2s'

const callsOf = (tracker: RunTracker) =>
  [...tracker.runs].map(([id, run]) => [id, run.state, run.state !== 'settled' && run.hookCalls])

test('a call that arrives while the log of its process is first read belongs to that run', async (context) => {
  for (let steps = 0; steps < 20; steps += 1) {
    const { tracker, write } = await startTracking(context)
    await write(snapshotting)
    const reading = tracker.read(fileName)
    for (let step = 0; step < steps; step += 1) await nextEventLoopTurn()
    await Promise.all([reading, tracker.addHookCall(call)])
    assert.deepEqual(callsOf(tracker), [[runId, 'open', [call]]], `after ${steps} turns of the event loop`)
  }
})

test('a call that arrives before the log of its process belongs to the run of the log', async (context) => {
  const { tracker, write } = await startTracking(context)
  await tracker.addHookCall(call)
  await write(snapshotting)
  await tracker.read(fileName)
  assert.deepEqual(callsOf(tracker), [[runId, 'open', [call]]])
})

test('a call found after its process has gone belongs to the run that ends then', async (context) => {
  const child = spawn('sleep', ['60'])
  cleanUpAfter(context, () => child.kill('SIGKILL'))
  const before = { ...call, processId: child.pid ?? 0 }
  const after: HookCall = { ...before, action: 'after' }
  const { tracker } = await startTracking(context, { takeHookCalls: () => tracker.addHookCall(after) })
  const hookRunId = `hooks-${child.pid}-c1`
  await tracker.addHookCall(before)
  await tracker.endFinishedRuns()
  assert.deepEqual(callsOf(tracker), [[hookRunId, 'open', [before]]])
  child.kill('SIGKILL')
  await once(child, 'exit')
  await tracker.endFinishedRuns()
  assert.deepEqual(callsOf(tracker), [[hookRunId, 'ended', [before, after]]])
})

test('a run ends once its process is gone, and its attempts are settled once', async (context) => {
  let process: string | undefined = 'started at 7'
  const processes: Processes = {
    findWriter: () => process,
    findWriterInContainers: () => undefined,
    findLiving: () => process,
    livingSince: () => (process === undefined ? undefined : 0),
    isAlive: (_, identity) => identity === process,
    bootedAt: () => 0,
  }
  const { tracker, clock, write } = await startTracking(context, { processes })
  await write(snapshotting)
  await tracker.sweep()
  await tracker.endFinishedRuns()
  clock.now += 3600
  await tracker.endFinishedRuns()
  assert.equal(tracker.runs.get(runId)?.state, 'open')
  process = undefined
  await write(created)
  await tracker.endFinishedRuns()
  const run = tracker.runs.get(runId)
  assert.equal(run?.state === 'ended' && run.evidence.attempts[0]?.reportedResult?.kind, 'created')
  await tracker.exclusively(() => tracker.settle(runId, 'told'))
  await tracker.sweep()
  assert.deepEqual(tracker.runs.get(runId), {
    state: 'settled',
    processId,
    wasSeenAlive: true,
    startedAt: startOfLog,
    endedAt: clock.now,
  })
  assert.equal(tracker.isLive(fileName), false)
})

test('a quiet run that writes on is offered again when it falls silent, with what it wrote', async (context) => {
  const { tracker, clock, write } = await startTracking(context)
  const offers = () =>
    tracker
      .quietRuns()
      .map(([id, run]) => [id, run.lastSignAt, run.evidence.attempts[0]?.reportedResult?.kind])
  await write(snapshotting)
  await tracker.sweep()
  assert.deepEqual(offers(), [])
  clock.now += 2
  assert.deepEqual(offers(), [[runId, startOfLog, undefined]])
  await write(created)
  await tracker.sweep()
  assert.deepEqual(offers(), [])
  clock.now += 2
  assert.deepEqual(offers(), [[runId, startOfLog + 2, 'created']])
  await tracker.end([runId])
  assert.deepEqual(offers(), [])
  assert.equal(tracker.runs.get(runId)?.state, 'ended')
})

test('the configuration of a run is the one of its process, else the one that its log names', async (context) => {
  const { tracker, directory } = await startTracking(context)
  const ownPath = join(directory, 'repository.config')
  await writeFile(ownPath, '{"storage":{"type":"a"}}')
  const nasPath = join(directory, 'nas.config')
  await writeFile(nasPath, '{"storage":{"type":"b"}}')
  const run = newRun(processId, 'snapshot-create')
  const inLog = (configurationPath: string) => ({ ...run, evidence: { ...noEvidence, configurationPath } })
  const other = { kind: 'other', path: nasPath } as const
  assert.equal(tracker.configurationOf(run), undefined)
  assert.deepEqual(tracker.configurationOf(inLog(ownPath)), { kind: 'own' })
  assert.deepEqual(tracker.configurationOf(inLog(nasPath)), other)
  assert.deepEqual(tracker.configurationOf({ ...inLog(ownPath), configuration: other }), other)
  assert.equal(tracker.configurationOf(inLog('/missing/repository.config')), undefined)
})

test('processes cannot be seen once a run writes after the agent looked for its process in vain', async (context) => {
  const { tracker, clock, write } = await startTracking(context)
  await write(snapshotting)
  await tracker.sweep()
  assert.equal(tracker.areProcessesVisible(), undefined)
  await tracker.endFinishedRuns()
  assert.equal(tracker.areProcessesVisible(), undefined, 'it may have ended before')
  clock.now += 30
  await write(created)
  await tracker.sweep()
  assert.equal(tracker.areProcessesVisible(), false)
  assert.equal(tracker.runs.get(runId)?.state, 'open')
})
