import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createFaultGuard } from '../../agent/daemon/faults.ts'
import { createLogRecorder } from '../support/log-recorder.ts'

test('a fault is reported when it begins, when it changes and when it is over, not at each try', async () => {
  const log = createLogRecorder()
  const faults = createFaultGuard(log)
  const failWith = (reason: string) => () => Promise.reject(new Error(reason))
  for (const reason of ['no space', 'no space', 'read-only', 'read-only'])
    assert.equal(await faults.run('Saving', failWith(reason)), undefined)
  for (const result of [1, 2]) assert.equal(await faults.run('Saving', () => Promise.resolve(result)), result)
  await faults.run('Saving', failWith('read-only'))
  assert.deepEqual(log.lines('error'), [
    'Saving failed, it is tried again: no space',
    'Saving failed, it is tried again: read-only',
    'Saving failed, it is tried again: read-only',
  ])
  assert.deepEqual(log.lines('info'), ['Saving works again.'])
})

test('faults of two tasks are reported apart', async () => {
  const log = createLogRecorder()
  const faults = createFaultGuard(log)
  const fail = () => Promise.reject(new Error('no'))
  for (const name of ['Reading', 'Writing', 'Reading', 'Writing']) await faults.run(name, fail)
  assert.equal(log.lines('error').length, 2)
})
