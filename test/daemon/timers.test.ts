import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { aborted, createAlarm, every, pause } from '../../agent/daemon/timers.ts'

function useFakeTimers(context: TestContext) {
  context.mock.timers.enable({ apis: ['setTimeout', 'setInterval'] })
  return context.mock.timers
}

test('a repeated task ends with its signal', (context) => {
  const timers = useFakeTimers(context)
  const stopping = new AbortController()
  let runs = 0
  every(100, stopping.signal, () => {
    runs += 1
  })
  timers.tick(250)
  stopping.abort()
  timers.tick(1000)
  assert.equal(runs, 2)
})

test('nothing begins after the stop', (context) => {
  const timers = useFakeTimers(context)
  const stopped = AbortSignal.abort()
  const task = () => assert.fail('it ran after the stop')
  every(100, stopped, task)
  createAlarm(stopped, task).set(100)
  timers.tick(1000)
})

test('an alarm that is set again rings once, at the later time', (context) => {
  const timers = useFakeTimers(context)
  const stopping = new AbortController()
  let rings = 0
  const alarm = createAlarm(stopping.signal, () => {
    rings += 1
  })
  alarm.set(100)
  timers.tick(50)
  alarm.set(100)
  timers.tick(99)
  assert.equal(rings, 0)
  timers.tick(1)
  assert.equal(rings, 1)
  alarm.set(100)
  stopping.abort()
  timers.tick(1000)
  assert.equal(rings, 1)
})

test('a pause ends at its time, or with the signal', async (context) => {
  const timers = useFakeTimers(context)
  const stopping = new AbortController()
  const short = pause(100, stopping.signal)
  timers.tick(100)
  await short
  const long = pause(3_600_000, stopping.signal)
  stopping.abort()
  await Promise.all([long, pause(3_600_000, stopping.signal), aborted(stopping.signal)])
})
