import assert from 'node:assert/strict'
import { open, readdir } from 'node:fs/promises'
import { test } from 'node:test'
import { createFaultReporter, keyOfFault } from '../../agent/util/fault-reporter.ts'

function createTestReporter() {
  const reports: string[] = []
  const report = createFaultReporter({
    onFault: (reason) => reports.push(reason),
    onRecovered: () => reports.push('recovered'),
  })
  return {
    /** What is reported for the faults of one try. */
    try: (task: string, ...keys: readonly string[]): readonly string[] => {
      report(task, new Map(keys.map((key) => [key, `fault ${key}`])))
      return reports.splice(0)
    },
  }
}

test('a fault is reported when it appears, and once more when it comes back', () => {
  const reporter = createTestReporter()
  assert.deepEqual(reporter.try('read'), [])
  assert.deepEqual(reporter.try('read', 'A'), ['fault A'])
  assert.deepEqual(reporter.try('read', 'A'), [])
  assert.deepEqual(reporter.try('read', 'A', 'B'), ['fault B'])
  assert.deepEqual(reporter.try('read', 'B'), [])
  assert.deepEqual(reporter.try('read'), ['recovered'])
  assert.deepEqual(reporter.try('read'), [])
  assert.deepEqual(reporter.try('read', 'A'), ['fault A'])
})

test('a fault that two tasks share is reported once, and recovery after the last of them', () => {
  const reporter = createTestReporter()
  assert.deepEqual(reporter.try('read', 'A'), ['fault A'])
  assert.deepEqual(reporter.try('write', 'A'), [])
  assert.deepEqual(reporter.try('read'), [])
  assert.deepEqual(reporter.try('write'), ['recovered'])
})

test('the key of an error of the system has its call and code, and not the path', async () => {
  const faultOf = async (work: Promise<unknown>) =>
    keyOfFault(
      await work.then(
        () => assert.fail('it should fail'),
        (error) => error,
      ),
    )
  assert.equal(await faultOf(open('/nowhere/one')), 'open ENOENT')
  assert.equal(await faultOf(open('/nowhere/two')), 'open ENOENT')
  assert.equal(await faultOf(readdir('/nowhere')), 'scandir ENOENT')
  assert.equal(keyOfFault(new Error('others can write to it')), 'others can write to it')
  assert.equal(keyOfFault('text'), 'text')
})
