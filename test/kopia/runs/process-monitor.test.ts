import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Configuration } from '../../../agent/kopia/runs/configuration.ts'
import { noEvidence } from '../../../agent/kopia/runs/evidence.ts'
import type { Processes } from '../../../agent/kopia/runs/process.ts'
import { createProcessMonitor } from '../../../agent/kopia/runs/process-monitor.ts'
import { newRun, type OpenRun, type Run } from '../../../agent/kopia/runs/run.ts'
import { createRunStore } from '../../../agent/kopia/runs/run-store.ts'
import { machineWith } from '../../support/processes-of-test.ts'

const now = 1000
const open = { ...newRun(42, 'snapshot-create'), lastSignAt: now }
const seen: OpenRun = { ...open, process: 'first' }
const nearEnd = { ...noEvidence, repository: 'closed' } as const
const other: Configuration = { kind: 'other', path: '/etc/nas.config' }

function monitorOf(
  runs: Readonly<Record<string, Run>>,
  processes: Processes,
  configurationOf: (processId: number) => Configuration | undefined = () => undefined,
) {
  const clock = { now }
  const store = createRunStore(new Map(Object.entries(runs)), () => clock.now)
  const monitor = createProcessMonitor({
    store,
    processes,
    configurationOf,
    longestSuccessSeconds: () => undefined,
    nowSeconds: () => clock.now,
  })
  return { store, monitor, clock }
}

test('a look at the processes remembers those that live and returns the runs of the others', () => {
  const machine = machineWith({ living: { 42: 'first' }, logs: { 42: 'r' } })
  const { store, monitor } = monitorOf({ r: open, gone: { ...seen, processId: 43 } }, machine)
  assert.deepEqual(monitor.findGone(), ['gone'])
  assert.deepEqual(store.runs.get('r'), seen)
})

test('a process is asked for its configuration once, when it is first seen', () => {
  const asked: number[] = []
  const machine = machineWith({ living: { 42: 'first' }, logs: { 42: 'r' } })
  const { store, monitor } = monitorOf({ r: open }, machine, (processId) => {
    asked.push(processId)
    return other
  })
  monitor.findGone()
  monitor.findGone()
  assert.deepEqual(asked, [42])
  assert.deepEqual(store.runs.get('r'), { ...seen, configuration: other })
})

test('a process in a container is asked for its configuration by the pid that it has here', () => {
  const asked: number[] = []
  const machine = machineWith({ living: { 42: 'another' }, inContainers: { r: 'first@9042' } })
  const { monitor } = monitorOf({ r: open }, machine, (processId) => {
    asked.push(processId)
    return undefined
  })
  assert.deepEqual(monitor.findGone(), [])
  assert.deepEqual(asked, [9042])
})

test('the first look in vain is remembered until the process is seen', () => {
  const living: Record<number, string> = {}
  const machine = machineWith({ living, logs: { 42: 'r' } })
  const { store, monitor, clock } = monitorOf({ r: open }, machine)
  assert.deepEqual(monitor.findGone(), ['r'])
  clock.now = now + 5
  monitor.findGone()
  assert.deepEqual(store.runs.get('r'), { ...open, unseenAt: now })
  living[42] = 'first'
  assert.deepEqual(monitor.findGone(), [])
  assert.deepEqual(store.runs.get('r'), seen)
})

test('processes are invisible as soon as a run writes without one, and visible as long as all that write have one', () => {
  const { monitor, store } = monitorOf({}, machineWith())
  assert.equal(monitor.areVisible(), undefined)
  store.set('unseen', open)
  assert.equal(monitor.areVisible(), undefined)
  store.set('seen', seen)
  assert.equal(monitor.areVisible(), true)
  store.set('unseen', { ...open, unseenAt: now - 10 })
  assert.equal(monitor.areVisible(), false)
})

test('a process that was watched ends when it is found gone, one that was not at its last sign', () => {
  const living: Record<number, string> = { 42: 'first' }
  const { monitor, clock } = monitorOf({ r: seen }, machineWith({ living }))
  const end = () => monitor.endIfOver('r', { run: seen, isComplete: true })?.endedAt
  assert.deepEqual(monitor.findGone(), [])
  delete living[42]
  clock.now = now + 8
  assert.equal(end(), now + 8)
  clock.now = now + 3600
  assert.equal(end(), now + 1)
})

test('a silent run is offered as it would be if it had ended, with its last record', () => {
  const quiet = { ...open, lastSignAt: now - 30, preview: nearEnd }
  const { monitor } = monitorOf({ quiet, open, seen: { ...seen, lastSignAt: 0 } }, machineWith())
  assert.deepEqual(monitor.quietRuns(), [
    ['quiet', { ...quiet, state: 'ended', endedAt: now - 29, evidence: nearEnd }],
  ])
})

test('a run of the ledger has just written if its last sign was a second ago or less', () => {
  assert.equal(monitorOf({ open }, machineWith()).monitor.hasJustWritten(), true)
  assert.equal(
    monitorOf({ open: { ...open, lastSignAt: now - 2 } }, machineWith()).monitor.hasJustWritten(),
    false,
  )
  assert.equal(monitorOf({ seen }, machineWith()).monitor.hasJustWritten(), false)
})
