import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { EndedRun } from '../../agent/kopia/runs/run.ts'
import { endProvenRuns, quietRunsOf } from '../../agent/reconcile/quiet-runs.ts'
import { data, endedRun, line, mail, snapshotAt } from '../support/reconciling.ts'
import { holding } from '../support/snapshots.ts'

const claimed = [line.snapshotting(0), line.created(2, 'i1')]

function trackerOf(...runs: readonly EndedRun[]) {
  const ended: string[] = []
  const tracker = {
    quiet: runs.map((run, index) => [`run ${index}`, run] as const),
    ended,
    quietRuns: () => tracker.quiet,
    sweep: async () => undefined,
    end: async (runIds: readonly string[]) => void ended.push(...runIds),
  }
  return tracker
}

const keyOf = (run: EndedRun) => quietRunsOf(trackerOf(run))[0]?.key

test('a quiet run is a new question once it has reported more, and only then', () => {
  const before = keyOf(endedRun(3, claimed))
  assert.equal(keyOf(endedRun(60, claimed)), before)
  assert.notEqual(keyOf(endedRun(3, claimed.slice(0, 1))), before)
  assert.notEqual(keyOf(endedRun(3, [...claimed, line.snapshotting(2, mail)])), before)
  const hookCalls = [
    { action: 'after', phase: 'call', callId: 'a', path: '/x', processId: 1, at: 1 },
  ] as const
  assert.notEqual(keyOf(endedRun(3, claimed, { hookCalls })), before)
})

test('the runs end of which the repository holds each snapshot', async () => {
  const two = endedRun(5, [...claimed, line.snapshotting(2, mail), line.created(4, 'i2')])
  const tracker = trackerOf(endedRun(3, claimed), two, endedRun(3, []))
  const over = await endProvenRuns(tracker, quietRunsOf(tracker), () => holding(snapshotAt('i1', 0)), data)
  assert.deepEqual([[...over], tracker.ended], [['run 0'], ['run 0']])
})

test('a partial snapshot shows the end of its run, a missing one does not', async () => {
  const partial = [line.snapshotting(0), line.created(2, 'i1').replace('Created', 'Created partial')]
  for (const [held, expected] of [
    [[{ ...snapshotAt('i1', 0), incomplete: 'canceled' }], ['run 0']],
    [[], []],
  ] as const) {
    const tracker = trackerOf(endedRun(3, partial))
    const over = await endProvenRuns(tracker, quietRunsOf(tracker), () => holding(...held), data)
    assert.deepEqual([...over], expected)
  }
})

test('a run that has written while Kopia answered does not end', async () => {
  const tracker = trackerOf(endedRun(3, claimed))
  const quiet = quietRunsOf(tracker)
  tracker.quiet = [['run 0', endedRun(5, [...claimed, line.snapshotting(2, mail)])]]
  await endProvenRuns(tracker, quiet, () => holding(snapshotAt('i1', 0)), data)
  tracker.quiet = []
  await endProvenRuns(tracker, quiet, () => holding(snapshotAt('i1', 0)), data)
  assert.deepEqual(tracker.ended, [])
})
