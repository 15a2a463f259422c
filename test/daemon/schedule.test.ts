import assert from 'node:assert/strict'
import { test } from 'node:test'
import { offsetMs } from '../../agent/daemon/schedule.ts'

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
