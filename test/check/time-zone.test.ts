// A time zone that is not Kopia's shows in when its backups start.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkTimeZone } from '../../agent/check/time-zone.ts'
import { day, hour, policy, snapshotAt, utc } from '../support/limits.ts'

/** Snapshots that start at these times and take a minute. */
const startingAt = (...starts: readonly number[]) =>
  starts.map((startedAt) => snapshotAt(startedAt + 60, { startedAt }))
const daily = (first: string, count = 4) =>
  startingAt(...Array.from({ length: count }, (_, index) => utc(first) + index * day))

const nightly = [policy({ minutesOfDay: [60] })]

test('backups at the times of the schedule are right, with the jitter of a busy server', () => {
  const late = daily('2026-11-20 01:00:02').map((snapshot, index) => ({
    ...snapshot,
    startedAt: snapshot.startedAt + index * 120,
  }))
  assert.deepEqual(checkTimeZone(late, nightly, 'UTC'), { result: 'ok', subject: 'time zone', found: 'UTC' })
})

test('an agent in UTC beside a Kopia in Berlin, New York or Kathmandu is told', () => {
  const found = (first: string) => {
    const finding = checkTimeZone(daily(first), nightly, 'UTC')
    assert.equal(finding.result, 'warning')
    return finding.found
  }
  assert.match(
    found('2026-11-20 00:00:01'),
    /root@vm:\/data start 1 h before the times of their schedule in UTC/,
  )
  assert.match(found('2026-11-20 06:00:01'), / 5 h after /)
  assert.match(found('2026-11-19 19:15:01'), / 5 h 45 min before /)
})

test('the right time zone is quiet over a clock change', () => {
  const berlin = startingAt(
    ...['2026-10-24 02:00', '2026-10-25 03:00', '2026-10-26 03:00', '2026-10-27 03:00'].map(utc),
  )
  assert.equal(checkTimeZone(berlin, [policy({ minutesOfDay: [240] })], 'Europe/Berlin').result, 'ok')
})

test('what follows no timetable, or is too little, says nothing', () => {
  const byHand = startingAt(
    utc('2026-11-20 07:12'),
    utc('2026-11-21 19:40'),
    utc('2026-11-22 11:03'),
    utc('2026-11-23 02:30'),
  )
  assert.equal(checkTimeZone(byHand, nightly, 'UTC').result, 'ok')
  assert.equal(checkTimeZone(daily('2026-11-20 00:00:01', 3), nightly, 'UTC').result, 'ok')
  assert.equal(
    checkTimeZone(daily('2026-11-20 00:00:01'), [policy({ intervalSeconds: day })], 'UTC').result,
    'ok',
  )
  assert.equal(checkTimeZone(daily('2026-11-20 00:00:01'), [], 'UTC').result, 'ok')
  const hourly = startingAt(...[0, 1, 2, 3].map((index) => utc('2026-11-20 07:00:05') + index * hour))
  assert.equal(checkTimeZone(hourly, [policy({ cron: ['0 * * * *'] })], 'UTC').result, 'ok')
})

test('a source that waits for another one is no sign of a wrong time zone', () => {
  const other = { user: 'root', host: 'vm', path: '/waits' }
  const waiting = daily('2026-11-20 02:00:01').map((snapshot) => ({ ...snapshot, source: other }))
  assert.equal(checkTimeZone([...waiting, ...daily('2026-11-20 01:00:01')], nightly, 'UTC').result, 'ok')
  assert.equal(checkTimeZone(waiting, nightly, 'UTC').result, 'warning')
})

test('a machine whose time zone has no name is local', () => {
  assert.equal(checkTimeZone([], nightly, undefined).found, 'the local time zone')
})
