import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findHookRun, isHookRun, withHookCall } from '../../../agent/kopia/runs/hook-calls.ts'
import { type HookCall, newRun, type Run } from '../../../agent/kopia/runs/run.ts'

const call: HookCall = {
  action: 'before',
  phase: 'call',
  callId: 'c1',
  path: '/data',
  processId: 42,
  at: 1000,
}
const open = newRun(42, 'snapshot-create')
const settled = {
  state: 'settled',
  processId: 42,
  wasSeenAlive: true,
  startedAt: 990,
  endedAt: 1005,
} as const

const add = (runs: Readonly<Record<string, Run>>, added: HookCall) =>
  withHookCall(new Map(Object.entries(runs)), added, 2000)

test('a call belongs to the open run of its process, whose sign of life it is', () => {
  assert.deepEqual(add({ other: { ...open, processId: 43 }, r: open }, call), {
    runId: 'r',
    run: { ...open, hookCalls: [call], lastSignAt: 1000 },
  })
  assert.equal(add({ r: open }, { ...call, at: 5600 })?.run.lastSignAt, 2000)
})

test('a call without a run makes one, which the log of the process can join', () => {
  const added = add({}, call)
  assert.deepEqual([added?.runId, added?.run.hookCalls], ['hooks-42-c1', [call]])
  const runs: Readonly<Record<string, Run>> = {
    r: { ...open, processId: 43 },
    ...(added && { [added.runId]: added.run }),
  }
  assert.deepEqual(findHookRun(new Map(Object.entries(runs)), 42), added)
  assert.equal(findHookRun(new Map(Object.entries(runs)), 43), undefined)
  assert.deepEqual(['hooks-42-c1', 'r'].map(isHookRun), [true, false])
})

test('a late call of an attempt that is counted already is dropped', () => {
  assert.equal(add({ r: settled }, call), undefined)
  assert.equal(add({ r: settled }, { ...call, at: 1006 }), undefined)
  assert.equal(add({ r: settled }, { ...call, at: 1007 })?.runId, 'hooks-42-c1')
  const lastSettled = { '/data': { startedAt: 999.5, endedAt: 1003 } }
  assert.equal(add({ r: { ...open, lastSettled } }, call), undefined)
  assert.equal(add({ 'hooks-42-c1': { ...settled, endedAt: 995 } }, call), undefined)
})
