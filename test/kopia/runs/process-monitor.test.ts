import assert from 'node:assert/strict'
import { test } from 'node:test'
import { noEvidence } from '../../../agent/kopia/runs/evidence.ts'
import type { Processes } from '../../../agent/kopia/runs/process.ts'
import { createProcessMonitor, livingProcessOf } from '../../../agent/kopia/runs/process-monitor.ts'
import { newRun, type OpenRun, type Run } from '../../../agent/kopia/runs/run.ts'
import { createRunStore } from '../../../agent/kopia/runs/run-store.ts'

const now = 1000
const open = { ...newRun(42, 'snapshot-create'), lastSignAt: now }
const seen: OpenRun = { ...open, process: 'first' }
const nearEnd = { ...noEvidence, repository: 'closed' } as const

/** Process 42 lives under this identity, and has this log open. */
const machine = (identity?: string, log?: string): Processes => ({
  findLiving: (processId) => (processId === 42 ? identity : undefined),
  findWriter: (processId, runId) => (processId === 42 && runId === log ? identity : undefined),
})

function monitorOf(runs: Readonly<Record<string, Run>>, processes: Processes) {
  const store = createRunStore(new Map(Object.entries(runs)), () => now)
  return { store, monitor: createProcessMonitor(store, processes, () => now) }
}

test('a process that was seen lives until its pid is free or belongs to another process', () => {
  const living = (processes: Processes) => livingProcessOf('r', seen, processes, now)
  assert.deepEqual([machine('first'), machine('second'), machine()].map(living), [
    'first',
    undefined,
    undefined,
  ])
})

test('a process that was never seen is recognised by its open log', () => {
  const living = (log: string) => livingProcessOf('r', open, machine('first', log), now)
  assert.deepEqual([living('r'), living('another')], ['first', undefined])
})

test('the parent of a hook is Kopia for a short time after the call, while its pid cannot be reused', () => {
  const living = (at: number) => livingProcessOf('hooks-42-c1', open, machine('first'), at)
  assert.deepEqual([living(now + 9), living(now + 10)], ['first', undefined])
})

test('a look at the processes remembers those that live and returns the runs of the others', () => {
  const { store, monitor } = monitorOf({ r: open, gone: { ...seen, processId: 43 } }, machine('first', 'r'))
  assert.deepEqual(monitor.findGone(), ['gone'])
  assert.deepEqual(store.runs.get('r'), seen)
})

test('a run ends if its process was seen and is gone, unless its log could not be read', () => {
  const { monitor } = monitorOf({ r: seen }, machine())
  assert.equal(monitor.endIfOver({ run: seen, isComplete: true })?.endedAt, now)
  assert.equal(monitor.endIfOver({ run: seen, isComplete: false }), undefined)
  const silent = { ...seen, lastSignAt: now - 60 }
  assert.equal(monitor.endIfOver({ run: silent, isComplete: false })?.state, 'ended')
})

test('a process that was never seen is gone at once if its pid is free and other processes of Kopia were seen', () => {
  const over = (runs: Readonly<Record<string, Run>>, processes: Processes) =>
    monitorOf(runs, processes).monitor.endIfOver({ run: open, isComplete: true }) !== undefined
  const other = { ...seen, processId: 43 }
  assert.equal(over({ r: open, other }, machine()), true)
  assert.equal(over({ r: open, other }, machine('first')), false)
  assert.equal(over({ r: open }, machine()), false)
})

test('a silent run is offered as it would be if it had ended, with its last record', () => {
  const quiet = { ...open, lastSignAt: now - 30, preview: nearEnd }
  const { monitor } = monitorOf({ quiet, open, seen: { ...seen, lastSignAt: 0 } }, machine())
  assert.deepEqual(monitor.quietRuns(), [
    ['quiet', { ...quiet, state: 'ended', endedAt: now - 29, evidence: nearEnd }],
  ])
})

test('a run of the ledger has just written if its last sign was a second ago or less', () => {
  assert.equal(monitorOf({ open }, machine()).monitor.hasJustWritten(), true)
  assert.equal(
    monitorOf({ open: { ...open, lastSignAt: now - 2 } }, machine()).monitor.hasJustWritten(),
    false,
  )
  assert.equal(monitorOf({ seen }, machine()).monitor.hasJustWritten(), false)
})
