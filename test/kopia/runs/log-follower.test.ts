// A run that silence has ended is open again once its log grows. What was counted stays counted.

import assert from 'node:assert/strict'
import { utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import type { SettledRun } from '../../../agent/kopia/runs/run.ts'
import {
  fileName,
  processId,
  runId,
  startOfLog,
  startTracking,
  type Tracking,
} from '../../support/tracking.ts'

const hour = 3600
const snapshotting = 'Snapshotting root@vm:/data ...'
const created = 'Created snapshot with root k4cf and ID be3aad43 in 2s'
const closed = 'DEBUG kopia/repo [STORAGE] Close'

/** Lets the run fall silent until this ends it, and settles it. */
async function silence({ tracker, clock }: Tracking): Promise<SettledRun> {
  await tracker.sweep()
  clock.now += hour
  await tracker.endFinishedRuns()
  const ended = tracker.runs.get(runId)
  assert.equal(ended?.state === 'ended' && ended.isSilent, true)
  await tracker.exclusively(() => tracker.settle(runId, 'told'))
  const settled = tracker.runs.get(runId)
  assert.ok(settled?.state === 'settled')
  return settled
}

test('a run that silence has ended stays settled while its log does not grow', async (context) => {
  const tracking = await startTracking(context)
  await tracking.write(snapshotting)
  const settled = await silence(tracking)
  assert.equal(settled.endedAt, startOfLog + 1)
  await tracking.tracker.sweep()
  await tracking.tracker.read(fileName)
  assert.equal(tracking.tracker.runs.get(runId), settled)
  assert.equal(tracking.tracker.isLive(fileName), true, 'its log is still followed')
})

test('a run that silence has ended is open again when it writes, with its attempt marked as counted', async (context) => {
  const tracking = await startTracking(context)
  const { tracker, clock, write, writeRecord, openRun } = tracking
  await write(snapshotting)
  await silence(tracking)
  await write(created)
  await tracker.sweep()
  assert.equal(openRun().lastSignAt, startOfLog + hour)
  assert.deepEqual(
    openRun().preview.attempts.map(({ wasCounted, reportedResult }) => [wasCounted, reportedResult?.kind]),
    [[true, 'created']],
  )
  await writeRecord(closed)
  await tracker.sweep()
  clock.now += 1
  await tracker.endFinishedRuns()
  const ended = tracker.runs.get(runId)
  assert.ok(ended?.state === 'ended')
  assert.equal(ended.isSilent, undefined, 'the close of the repository shows this end')
  assert.deepEqual(
    ended.evidence.attempts.map(({ wasCounted, reportedResult }) => [wasCounted, reportedResult?.kind]),
    [[true, 'created']],
  )
  await tracker.exclusively(() => tracker.settle(runId, 'told'))
  const settled = tracker.runs.get(runId)
  assert.equal(settled?.state === 'settled' && settled.reopening, undefined)
  assert.equal(tracker.isLive(fileName), false)
})

test('a source that a reopened run begins is a new attempt', async (context) => {
  const tracking = await startTracking(context)
  const { tracker, write, openRun } = tracking
  await write(snapshotting)
  await silence(tracking)
  await write(created)
  await write('Snapshotting root@vm:/later ...')
  await write('Snapshotting root@vm:/last ...')
  await tracker.read(fileName)
  assert.deepEqual(
    openRun().preview.attempts.map(({ source: { path }, wasCounted }) => [path, wasCounted]),
    [
      ['/data', true],
      ['/later', undefined],
      ['/last', undefined],
    ],
  )
})

test('the calls of hooks in a run that silence has ended are not counted again', async (context) => {
  const tracking = await startTracking(context)
  const { tracker, clock, writeRecord, openRun } = tracking
  const call = {
    action: 'before',
    phase: 'call',
    callId: 'c1',
    path: '/data',
    processId,
    at: startOfLog + 1,
  } as const
  await writeRecord('WARN kopia/cli a log of level warning names no source')
  await tracker.sweep()
  clock.now += 1
  await tracker.addHookCall(call)
  await tracker.addHookCall({ ...call, path: '/other', callId: 'c2' })
  await silence(tracking)
  await writeRecord('WARN kopia/cli it goes on')
  await tracker.sweep()
  assert.deepEqual(openRun().hookCalls, [])
  await tracker.addHookCall({ ...call, action: 'after' })
  assert.deepEqual(openRun().hookCalls, [], 'a late call of what is counted already')
  const later = { ...call, callId: 'c3', at: clock.now }
  await tracker.addHookCall(later)
  assert.deepEqual(openRun().hookCalls, [later])
})

test('a server is followed however long it is silent', async (context) => {
  const tracking = await startTracking(context)
  const { tracker, clock, directory } = tracking
  const server = runId.replace('snapshot-create', 'server-start')
  const path = join(directory, `kopia-${server}.0.log`)
  await writeFile(path, `${new Date(startOfLog * 1000).toISOString()} INFO kopia/cli SERVER ADDRESS: x\n`)
  await utimes(path, startOfLog, startOfLog)
  await tracker.sweep()
  clock.now += 30 * 24 * hour
  await tracker.endFinishedRuns()
  assert.equal(tracker.runs.get(server)?.state, 'open')
})
