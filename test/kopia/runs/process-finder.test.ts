import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Processes } from '../../../agent/kopia/runs/process.ts'
import { createProcessFinder } from '../../../agent/kopia/runs/process-finder.ts'
import { newRun, type OpenRun } from '../../../agent/kopia/runs/run.ts'
import { machineWith } from '../../support/processes-of-test.ts'

const now = 1000
const open = { ...newRun(42, 'snapshot-create'), lastSignAt: now }
const seen: OpenRun = { ...open, process: 'first' }

const find = (processes: Processes, runId: string, run: OpenRun, at = now) =>
  createProcessFinder(processes).find(runId, run, at)

test('a process that was seen lives until its pid is free or belongs to another process', () => {
  const machines = [
    machineWith({ living: { 42: 'first' } }),
    machineWith({ living: { 42: 'second' } }),
    machineWith(),
  ]
  assert.deepEqual(
    machines.map((processes) => find(processes, 'r', seen)),
    ['first', undefined, undefined],
  )
})

test('a process that was never seen is recognised by its open log', () => {
  const living = (log: string) => find(machineWith({ living: { 42: 'first' }, logs: { 42: log } }), 'r', open)
  assert.deepEqual([living('r'), living('another')], ['first', undefined])
})

test('the parent of a hook is Kopia for a short time after the call, while its pid cannot be reused', () => {
  const machine = machineWith({ living: { 42: 'first' } })
  const living = (at: number) => find(machine, 'hooks-42-c1', open, at)
  assert.deepEqual([living(now + 9), living(now + 10)], ['first', undefined])
})

test('a process in a container is found while its run writes, and keeps its identity', () => {
  const machine = machineWith({ living: { 42: 'another' }, inContainers: { r: 'first@9042' } })
  assert.equal(find(machine, 'r', open), 'first@9042')
  assert.equal(find(machine, 'r', { ...open, process: 'first@9042' }, now + 3600), 'first@9042')
  assert.equal(find(machine, 'r', { ...open, lastSignAt: now - 10 }), undefined)
})

test('containers are searched once in ten seconds for each run that writes', () => {
  const searches: string[] = []
  const processes: Processes = {
    ...machineWith(),
    findWriterInContainers: (_, runId) => {
      searches.push(runId)
      return undefined
    },
  }
  const finder = createProcessFinder(processes)
  const lookAt = (runId: string, at: number) => finder.find(runId, { ...open, lastSignAt: at }, at)
  for (const at of [now, now + 5, now + 9.9, now + 10]) lookAt('r', at)
  lookAt('other', now + 10)
  assert.deepEqual(searches, ['r', 'r', 'other'])
  finder.retain(new Set(['other']))
  lookAt('r', now + 11)
  lookAt('other', now + 11)
  assert.deepEqual(searches, ['r', 'r', 'other', 'r'])
})
