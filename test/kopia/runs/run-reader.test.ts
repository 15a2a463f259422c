import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lastWriteAt } from '../../../agent/kopia/runs/run-reader.ts'
import { createFaultMemory } from '../../../agent/util/fault-memory.ts'

test('a segment was written at its modification time, or now if that lies in the future, once per change', () => {
  const now = 1000
  const states = [
    [undefined, { size: 10, modifiedAt: 900 }, 900],
    [undefined, { size: 10, modifiedAt: 4600 }, 1000],
    [{ size: 10, modifiedAt: 4600 }, { size: 10, modifiedAt: 4600 }, undefined],
    [{ size: 10, modifiedAt: 4600 }, { size: 11, modifiedAt: 4600 }, 1000],
    [{ size: 10, modifiedAt: 4600 }, { size: 10, modifiedAt: 4601 }, 1000],
  ] as const
  for (const [before, state, at] of states) assert.equal(lastWriteAt(before, state, now), at)
})

test('a fault is reported once until it changes or passes', () => {
  const reports: string[] = []
  const faults = createFaultMemory({
    onFault: (name, error) => reports.push(`${name}: ${error}`),
    onRecovered: (name) => reports.push(`${name} is readable`),
  })
  for (const [name, fault] of [
    ['a', 'EIO'],
    ['a', 'EIO'],
    ['b', 'EIO'],
    ['a', 'EACCES'],
    ['a', 'EACCES'],
  ] as const)
    faults.report(name, fault)
  faults.recover('a')
  faults.recover('a')
  faults.retain((name) => name === 'a')
  faults.recover('b')
  faults.report('a', 'EACCES')
  assert.deepEqual(reports, ['a: EIO', 'b: EIO', 'a: EACCES', 'a is readable', 'a: EACCES'])
})
