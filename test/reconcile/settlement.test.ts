import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { test } from 'node:test'
import type { Snapshot } from '../../agent/kopia/cli/snapshots.ts'
import {
  begin,
  counters,
  data,
  endedRun,
  goodLog,
  line,
  mail,
  openRun,
  snapshotAt,
  startReconciling,
} from '../support/reconciling.ts'

const ignoring = {
  target: '',
  intervalSeconds: 0,
  minutesOfDay: [],
  cron: [],
  isManual: false,
  ignoresIdentical: true,
}
const unchanged = (at: number) => [line.snapshotting(at), line.identical(at + 1), line.closed(at + 2)]

test('an unchanged source whose policy is not known to allow that: policies are asked for before it fails', async (context) => {
  const { clock, kopia, look, stateOf } = await startReconciling(context, {
    runs: { one: endedRun(2, unchanged(0)), two: endedRun(12, unchanged(10)) },
  })
  kopia.policyList = [ignoring]
  kopia.held = [snapshotAt('i0', -100)]
  clock.now = begin + 20
  await look()
  assert.deepEqual(kopia.questions, ['snapshot list', 'policy list'])
  assert.equal(stateOf(data)?.attempts.success, 2)
})

test('the same where a server does not say which of its sources was unchanged', async (context) => {
  const lines = [
    line.startingUpload(0),
    line.startingUpload(0, mail),
    line.identicalInServer(1),
    line.createdByServer(2, 'i1'),
    line.finished(2),
    line.finished(2, mail),
  ]
  const { clock, kopia, look, ledger } = await startReconciling(context, {
    runs: { one: openRun(lines, { command: 'server-start' }) },
  })
  kopia.policyList = [ignoring]
  kopia.held = [snapshotAt('i0', -100), snapshotAt('i0', -100, mail), snapshotAt('i1', 0, mail)]
  clock.now = begin + 3
  await look()
  assert.deepEqual(kopia.questions, ['snapshot list', 'policy list'])
  assert.deepEqual(
    [...ledger.sources.values()].map(({ attempts }) => attempts.success),
    [1, 1],
  )
})

test('an unchanged source of which the repository holds nothing is no success', async (context) => {
  const { clock, kopia, look, stateOf } = await startReconciling(context, {
    runs: { one: endedRun(2, unchanged(0)) },
  })
  kopia.policyList = [ignoring]
  clock.now = begin + 3
  await look()
  assert.deepEqual(stateOf(data)?.attempts, counters.oneFailure)
})

test('the latest of several runs of a source decides, in whatever order they were found', async (context) => {
  const { clock, kopia, look, stateOf, ledger } = await startReconciling(context, {
    runs: {
      late: endedRun(33, [
        line.opened(30),
        line.snapshotting(30),
        line.error(32, 'upload error: exit status 3'),
      ]),
      early: endedRun(3, goodLog),
    },
  })
  kopia.held = [snapshotAt('i1', 0)]
  clock.now = begin + 40
  await look()
  const state = stateOf(data)
  assert.deepEqual(state?.attempts, { success: 1, failed: 1, incomplete: 0 })
  assert.deepEqual([state?.lastAttempt?.outcome, state?.consecutiveFailures], ['failed', 1])
  assert.equal(ledger.commands.get('snapshot create')?.result, 'failed')
  assert.deepEqual(kopia.questions, ['snapshot list'], 'one question for all that has ended')
})

test('a run that begins while Kopia answers keeps its snapshot, which counts once', async (context) => {
  const { clock, kopia, look, logOf, stateOf, reconciler } = await startReconciling(context, {
    runs: { one: endedRun(3, goodLog) },
  })
  const later: Snapshot = snapshotAt('i2', 10)
  kopia.held = [snapshotAt('i1', 0), later]
  clock.now = begin + 13
  kopia.refuse = async () => {
    kopia.refuse = () => undefined
    await writeFile(logOf('snapshot-create'), `${line.snapshotting(10)}\n${line.created(12, 'i2')}\n`)
    return undefined
  }
  await look()
  assert.deepEqual([stateOf(data)?.attempts, reconciler.runningSince().size], [counters.oneSuccess, 1])
  clock.now = Date.now() / 1000 + 10
  await look()
  await reconciler.refreshSnapshots()
  assert.equal(stateOf(data)?.attempts.success, 2)
})

test('a run that was counted as failed by its silence and goes on corrects the gauges, and no counter', async (context) => {
  const lines = [line.opened(0), line.snapshotting(0)]
  const { clock, kopia, look, tracker, stateOf, ledger } = await startReconciling(context, {
    runs: { one: openRun(lines) },
  })
  clock.now = begin + 3601
  await look()
  const failed = stateOf(data)
  assert.deepEqual([failed?.attempts, failed?.consecutiveFailures], [counters.oneFailure, 1])
  const settled = tracker.runs.get('one')
  assert.ok(settled?.state === 'settled' && settled.reopening)
  const ended = [...lines, line.created(3999, 'i1'), line.closed(4000)]
  const { evidence } = endedRun(4000, ended)
  const wasCounted = (one: typeof evidence) => ({
    ...one,
    attempts: one.attempts.map((attempt) => ({ ...attempt, wasCounted: true as const })),
  })
  const more = await startReconciling(context, {
    runs: { one: endedRun(4000, ended, { evidence: wasCounted(evidence) }) },
    ledger: ledger.toData(new Map()),
  })
  more.kopia.held = [snapshotAt('i1', 0)]
  more.clock.now = begin + 4001
  await more.look()
  const corrected = more.stateOf(data)
  assert.deepEqual([corrected?.attempts, corrected?.consecutiveFailures], [counters.oneFailure, 0])
  assert.deepEqual([corrected?.lastAttempt?.outcome, corrected?.lastSuccessAt], ['success', begin + 3999])
  assert.equal(more.ledger.commands.get('snapshot create')?.result, 'success')
  assert.deepEqual([kopia.questions.length, more.kopia.questions.length], [1, 1])
})
