// A machine that sleeps: its deadlines wait for four hours awake.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type UptimeQuarters, withMoment } from '../../agent/ledger/uptime.ts'
import { movedByUptime } from '../../agent/limits/uptime-deadline.ts'
import { asUtc, day, hour, utc } from '../support/limits.ts'

const deadline = utc('2026-11-24 01:10')
const quarter = hour / 4

/** The quarters of an hour in which a machine was awake that was on during these hours. */
function awake(...periods: readonly (readonly [from: string, until: string])[]): UptimeQuarters {
  return periods
    .flatMap(([from, until]) =>
      Array.from({ length: (utc(until) - utc(from)) / quarter }, (_, index) => utc(from) + index * quarter),
    )
    .reduce<UptimeQuarters>(withMoment, [])
}

const movedAt = (now: string, quarters: UptimeQuarters) => asUtc(movedByUptime(deadline, quarters, utc(now)))

test('before the deadline, and while the machine stays awake, it is four hours later', () => {
  const whole = '2026-11-24 05:15'
  assert.equal(movedAt('2026-11-23 20:00', awake(['2026-11-23 08:00', '2026-11-23 20:15'])), whole)
  assert.equal(movedAt('2026-11-24 01:20', awake(['2026-11-23 08:00', '2026-11-24 01:30'])), whole)
  assert.equal(movedAt('2026-11-24 03:00', awake(['2026-11-23 08:00', '2026-11-24 03:15'])), whole)
  // The heartbeat has not noted this quarter of an hour yet.
  assert.equal(movedAt('2026-11-24 03:16', awake(['2026-11-23 08:00', '2026-11-24 03:15'])), whole)
  // It stays passed.
  assert.equal(movedAt('2026-11-24 05:20', awake(['2026-11-23 08:00', '2026-11-24 05:30'])), whole)
  assert.equal(movedAt('2026-11-25 12:00', awake(['2026-11-23 08:00', '2026-11-25 12:15'])), whole)
})

test('each quarter of an hour asleep moves it by as much', () => {
  const asleepAtNight = awake(
    ['2026-11-23 08:00', '2026-11-24 00:00'],
    ['2026-11-24 08:00', '2026-11-24 08:15'],
  )
  assert.equal(movedAt('2026-11-24 08:05', asleepAtNight), '2026-11-24 12:00')
  const withLunch = awake(['2026-11-24 08:00', '2026-11-24 10:00'], ['2026-11-24 11:00', '2026-11-24 11:15'])
  assert.equal(movedAt('2026-11-24 11:00', withLunch), '2026-11-24 13:00')
})

test('an hour a day awake is enough: the fourth day tells', () => {
  const days = ['24', '25', '26', '27'].map(
    (date) => [`2026-11-${date} 20:00`, `2026-11-${date} 21:00`] as const,
  )
  assert.equal(movedAt('2026-11-26 20:50', awake(...days.slice(0, 3))), '2026-11-26 22:00')
  assert.equal(movedAt('2026-11-27 21:05', awake(...days)), '2026-11-27 21:00')
})

test('the ledger remembers four weeks', () => {
  const first = withMoment([], deadline)
  assert.equal(withMoment(first, deadline + 28 * day - quarter).length, 2)
  assert.equal(withMoment(first, deadline + 28 * day).length, 1)
})
