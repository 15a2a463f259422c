import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { lateRunMs, offsetMs, schedule } from '../../agent/daemon/schedule.ts'
import { createLogRecorder } from '../support/log-recorder.ts'

const minuteMs = 60_000
const instances = Array.from({ length: 1000 }, (_, number) => `server-${number}`)

test('a fleet with one configuration is spread over the time to the next run', () => {
  const minutes = instances.map((instance) => Math.floor(offsetMs(instance, 5 * minuteMs) / minuteMs))
  const counts = [...Map.groupBy(minutes, (minute) => minute)].map(
    ([minute, of]) => [minute, of.length] as const,
  )
  assert.deepEqual(counts.map(([minute]) => minute).sort(), [0, 1, 2, 3, 4])
  for (const [minute, count] of counts) assert.ok(count > 150 && count < 250, `${count} in minute ${minute}`)
})

test('what runs once a month runs within an hour of its time, on each machine always at the same', () => {
  const monthMs = 31 * 24 * 60 * minuteMs
  for (const instance of instances) {
    assert.ok(offsetMs(instance, monthMs) < 60 * minuteMs)
    assert.equal(offsetMs(instance, monthMs), offsetMs(instance, monthMs))
  }
})

test('the first heartbeat after a start comes within one interval, whenever the start was', () => {
  const intervalMs = 5 * minuteMs
  for (const instance of instances.slice(0, 50)) {
    for (let sinceTickMs = 0; sinceTickMs < intervalMs; sinceTickMs += 7000) {
      const nowMs = 1_000 * intervalMs + sinceTickMs
      const toNextMs = intervalMs - sinceTickMs
      const late = lateRunMs(nowMs, nowMs - sinceTickMs, toNextMs, instance)
      const firstMs = late ?? toNextMs + offsetMs(instance, intervalMs)
      assert.ok(firstMs <= intervalMs, `${instance} at ${sinceTickMs}: ${firstMs}`)
    }
  }
})

test('a time that was over before the start, offset included, is not made up for', () => {
  const offset = offsetMs('vm', 5 * minuteMs)
  assert.equal(lateRunMs(offset + 1, 0, 5 * minuteMs - offset - 1, 'vm'), undefined)
  assert.equal(lateRunMs(offset - 1, 0, 5 * minuteMs - offset + 1, 'vm'), 1)
  assert.equal(lateRunMs(0, undefined, 1000, 'vm'), undefined)
})

/** node-cron runs by these timers and this clock. */
function startAt(context: TestContext, time: string) {
  context.mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'Date'], now: Date.parse(time) })
  return async (seconds: number) => {
    for (let second = 0; second < seconds; second += 1) {
      context.mock.timers.tick(1000)
      await nextTurn()
    }
  }
}

test('a task runs once per time of its schedule, and not after the stop', async (context) => {
  const pass = startAt(context, '2026-11-24T12:00:30Z')
  const stopping = new AbortController()
  let runs = 0
  const task = async () => {
    runs += 1
  }
  const options = { name: 'test', expression: '* * * * *', instance: 'vm', log: createLogRecorder(), task }
  schedule({ ...options, signal: stopping.signal })
  await pass(600)
  assert.ok(runs >= 10 && runs <= 11, `${runs} runs in ten minutes`)
  const before = runs
  stopping.abort()
  await pass(600)
  assert.equal(runs, before)
})

test('a task that takes longer than its interval never runs twice at once', async (context) => {
  const pass = startAt(context, '2026-11-24T12:00:30Z')
  const stopping = new AbortController()
  let underWay = 0
  let most = 0
  let runs = 0
  const task = async () => {
    runs += 1
    underWay += 1
    most = Math.max(most, underWay)
    await new Promise((resolve) => setTimeout(resolve, 150_000))
    underWay -= 1
  }
  const options = { name: 'test', expression: '* * * * *', instance: 'vm', log: createLogRecorder(), task }
  schedule({ ...options, signal: stopping.signal })
  await pass(1200)
  stopping.abort()
  assert.equal(most, 1)
  assert.ok(runs >= 4, `${runs} runs in 20 minutes`)
})

test('a schedule of a stopped agent does not begin', (context) => {
  startAt(context, '2026-11-24T12:00:30Z')
  const task = () => assert.fail('it ran')
  const options = { name: 'test', expression: '* * * * *', instance: 'vm', log: createLogRecorder(), task }
  schedule({ ...options, signal: AbortSignal.abort() })
  context.mock.timers.tick(600_000)
})
