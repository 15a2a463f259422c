// Clocks that disagree, folders and logs that cannot be read: the tracker goes on, and reports each fault once.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { rename, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { noEvidence } from '../../../agent/kopia/runs/evidence.ts'
import { newRun } from '../../../agent/kopia/runs/run.ts'
import { fileName, processId, runId, startOfLog, startTracking } from '../../support/tracking.ts'

const snapshotting = 'Snapshotting root@vm:/data ...'
const created = 'Created snapshot with root k4cf and ID be3aad43 in 2s'
const closed = 'DEBUG kopia/repo [STORAGE] Close'
const hour = 3600

test('a log with a modification time in the future counts as written when it was read', async (context) => {
  const { tracker, clock, write, writeRecord, openRun } = await startTracking(context)
  await write(snapshotting, clock.now + hour)
  await tracker.sweep()
  assert.equal(openRun().lastSignAt, startOfLog)
  assert.equal(tracker.hasJustWritten(), true)
  for (let step = 0; step < 20; step += 1) {
    clock.now += 0.1
    await tracker.sweep()
    await tracker.endFinishedRuns()
  }
  assert.equal(tracker.hasJustWritten(), false)
  assert.equal(openRun().lastSignAt, startOfLog)
  await write(created)
  await writeRecord(closed, clock.now + hour)
  await tracker.sweep()
  assert.equal(openRun().lastSignAt, clock.now)
  clock.now += 1
  await tracker.endFinishedRuns()
  assert.equal(tracker.runs.get(runId)?.state, 'ended')
})

test('a clock that is set back leaves no sign of life in the future, not even one from the ledger', async (context) => {
  const known = { ...newRun(processId, 'snapshot-create'), lastSignAt: startOfLog + hour }
  const { tracker, clock, write, openRun } = await startTracking(context, { runs: new Map([[runId, known]]) })
  assert.equal(openRun().lastSignAt, startOfLog)
  await write(snapshotting)
  await tracker.sweep()
  clock.now -= hour
  await tracker.sweep()
  assert.equal(openRun().lastSignAt, clock.now)
  clock.now += 2
  await tracker.sweep()
  assert.deepEqual([tracker.hasJustWritten(), tracker.quietRuns().length], [false, 1])
})

test('a run that keeps writing has not just ended, though its process cannot be seen', async (context) => {
  const { tracker, clock, write } = await startTracking(context)
  await write(snapshotting)
  const answers: boolean[] = []
  for (let step = 0; step < 8; step += 1) {
    await tracker.sweep()
    answers.push(tracker.hasJustWritten())
    clock.now += 0.5
    await write('Still hashing.')
  }
  assert.deepEqual(answers, [true, true, true, false, false, false, false, false])
})

test('a folder that cannot be read is reported once, and once more when it can be read again', async (context) => {
  const { tracker, directory, clock, reports, write, openRun } = await startTracking(context)
  await write(snapshotting)
  await tracker.sweep()
  clock.now += hour
  await rename(directory, `${directory}.away`)
  await writeFile(directory, '')
  for (let step = 0; step < 3; step += 1) {
    await tracker.sweep()
    await tracker.read(fileName)
    await tracker.endFinishedRuns()
    await tracker.end([runId])
  }
  assert.deepEqual(reports, ['directory: ENOTDIR'])
  openRun()
  await rm(directory)
  await symlink(directory, directory)
  await tracker.sweep()
  assert.deepEqual(reports, ['directory: ENOTDIR', 'directory: ELOOP'])
  await rm(directory)
  await rename(`${directory}.away`, directory)
  await tracker.sweep()
  await tracker.endFinishedRuns()
  assert.deepEqual(reports, ['directory: ENOTDIR', 'directory: ELOOP', 'directory: recovered'])
  assert.equal(tracker.runs.get(runId)?.state, 'ended')
})

test('a log that cannot be read at first is reported once, and is a run once it can be read', async (context) => {
  const { tracker, directory, clock, reports, write, openRun } = await startTracking(context)
  await symlink(fileName, join(directory, fileName))
  for (let step = 0; step < 3; step += 1) {
    clock.now += 100
    await tracker.sweep()
    await tracker.read(fileName)
    await tracker.endFinishedRuns()
  }
  assert.deepEqual(reports, [`${fileName}: ELOOP`])
  assert.deepEqual([...tracker.runs], [])
  await rm(join(directory, fileName))
  await write(snapshotting)
  await tracker.sweep()
  assert.deepEqual(reports, [`${fileName}: ELOOP`, `${fileName}: recovered`])
  assert.equal(openRun().evidence.attempts.length + openRun().preview.attempts.length, 1)
})

test('a run whose end cannot be read waits for it, but not for ever', async (context) => {
  const { tracker, directory, clock, reports, write, writeRecord } = await startTracking(context)
  await write(snapshotting)
  await write(created)
  await writeRecord(closed)
  await tracker.sweep()
  await rename(join(directory, fileName), join(directory, 'away'))
  await symlink(fileName, join(directory, fileName))
  clock.now += 59
  await tracker.endFinishedRuns()
  assert.equal(tracker.runs.get(runId)?.state, 'open')
  clock.now += 1
  await tracker.endFinishedRuns()
  assert.equal(tracker.runs.get(runId)?.state, 'ended')
  assert.deepEqual(reports, [`${fileName}: ELOOP`])
})

test('a pipe that bears the name of a log blocks nothing and is reported once', async (context) => {
  const { tracker, directory, reports, write, openRun } = await startTracking(context)
  const pipe = `kopia-20261124-113000-${processId + 1}-snapshot-create.0.log`
  execFileSync('mkfifo', [join(directory, pipe)])
  await write(snapshotting)
  for (let step = 0; step < 3; step += 1) {
    await tracker.sweep()
    await tracker.read(pipe)
  }
  assert.deepEqual(reports, [`${pipe}: Error: it is not a regular file`])
  assert.equal(openRun().preview.attempts.length, 1)
  await rm(join(directory, pipe))
  await tracker.sweep()
  assert.equal(reports.length, 1)
})

test('a run ends although the calls of its hooks cannot be read, which is reported once', async (context) => {
  let fault: Error | undefined = new Error('the spool is gone')
  const takeHookCalls = () => (fault ? Promise.reject(fault) : Promise.resolve())
  const { tracker, clock, reports, write } = await startTracking(context, { takeHookCalls })
  await write(snapshotting)
  await tracker.sweep()
  await tracker.endFinishedRuns()
  await tracker.sweep()
  clock.now += hour
  await tracker.endFinishedRuns()
  assert.equal(tracker.runs.get(runId)?.state, 'ended')
  assert.deepEqual(reports, ['the events of the hooks: Error: the spool is gone'])
  fault = undefined
  await tracker.addHookCall({
    action: 'before',
    phase: 'call',
    callId: 'c1',
    path: '/',
    processId: 1e9,
    at: 0,
  })
  await tracker.endFinishedRuns()
  assert.equal(reports.at(-1), 'the events of the hooks: recovered')
})

test('a ledger of an older version, without the times of its signs, is continued', async (context) => {
  const preview = { ...noEvidence, finalError: 'open repository: …' }
  const known = { ...newRun(processId, 'snapshot-create'), preview, lastSignAt: startOfLog - 1 }
  const { tracker } = await startTracking(context, { runs: new Map([[runId, known]]) })
  await tracker.endFinishedRuns()
  assert.equal(tracker.runs.get(runId)?.state, 'ended')
})
