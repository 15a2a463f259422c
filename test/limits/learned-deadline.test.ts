// When a source without a schedule becomes overdue, learned from its successes: nights, weekends and months off.

import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { learnedDeadline } from '../../agent/limits/learned-deadline.ts'
import { asUtc, day, hour, utc } from '../support/limits.ts'

const week = 7 * day

/** The times of these weeks before `end` at which `isDue` holds at the full hour, and the half hour at which the backup ends. */
function ends(weeks: number, end: string, isDue: (weekday: number, hourOfDay: number) => boolean) {
  const last = utc(end)
  const first = last - weeks * week
  return Array.from({ length: weeks * 168 + 1 }, (_, index) => first + index * hour).filter((time) => {
    const date = new Date(time * 1000)
    return isDue(date.getUTCDay(), date.getUTCHours())
  })
}

type Case = {
  readonly name: string
  readonly seconds: number
  readonly ends: readonly number[]
  readonly deadline: string
}

const isWorkday = (weekday: number) => weekday >= 1 && weekday <= 5
const nightly = (_: number, at: number) => at === 1
const workdays = (weekday: number, at: number) => isWorkday(weekday) && at === 1
const officeHours = (weekday: number, at: number) => isWorkday(weekday) && at >= 8 && at <= 18

// 2026-11-23 is a Monday.
const cases: readonly Case[] = [
  {
    name: 'nightly: one and a half intervals and an hour',
    seconds: day,
    ends: ends(4, '2026-11-24 01:00', nightly),
    deadline: '2026-11-25 14:00',
  },
  {
    name: 'hourly, day and night: three hours after the same time of the week',
    seconds: hour,
    ends: ends(4, '2026-11-24 10:00', () => true),
    // A week ago the next one, after an hour and a half of jitter, ended at 12:00.
    deadline: '2026-11-24 15:00',
  },
  {
    name: 'on workdays, on a Friday: on Monday, three hours after the usual time',
    seconds: day,
    ends: ends(4, '2026-11-27 01:00', workdays),
    deadline: '2026-11-30 04:00',
  },
  {
    name: 'on workdays, on a Monday: not on Friday',
    seconds: day,
    ends: ends(4, '2026-11-23 01:00', workdays),
    deadline: '2026-11-24 14:00',
  },
  {
    name: 'in office hours, in the evening: in the morning, three hours after the usual time',
    seconds: hour,
    ends: ends(4, '2026-11-24 18:00', officeHours),
    deadline: '2026-11-25 11:00',
  },
  {
    name: 'in office hours, on Friday evening: on Monday',
    seconds: hour,
    ends: ends(4, '2026-11-27 18:00', officeHours),
    deadline: '2026-11-30 11:00',
  },
  {
    name: 'weekly',
    seconds: week,
    ends: ends(6, '2026-11-22 01:00', (weekday, at) => weekday === 0 && at === 1),
    deadline: '2026-12-02 14:00',
  },
  {
    name: 'monthly',
    seconds: 30.5 * day,
    ends: [utc('2026-09-01 04:00'), utc('2026-10-01 04:00'), utc('2026-11-01 04:00')],
    deadline: '2026-12-16 23:00',
  },
  {
    name: 'one of the two weeks before had no backup at that time: it may be a pause',
    seconds: day,
    ends: ends(4, '2026-11-24 01:00', nightly).filter(
      (end) => end < utc('2026-11-18 00:00') || end > utc('2026-11-20 00:00'),
    ),
    // A week ago the next one came on Friday, the 20th, at 01:00.
    deadline: '2026-11-27 04:00',
  },
]

suite('the learned deadline', () => {
  for (const { name, seconds, ends: known, deadline } of cases) {
    test(name, () => {
      const learned = learnedDeadline(seconds, known.at(-1) ?? 0, 0.5, {
        ends: known,
        watchedSince: utc('2026-01-01 00:00'),
        sleeps: false,
      })
      assert.equal(asUtc(learned.at), deadline)
    })
  }
})

const all = ends(4, '2026-11-24 01:00', nightly)
const lastSuccessAt = utc('2026-11-24 01:00')
const longAgo = utc('2026-01-01 00:00')

test('where less than two weeks are known, four intervals and three days', () => {
  const known = { ends: all.slice(-10), watchedSince: longAgo, sleeps: false }
  assert.equal(asUtc(learnedDeadline(day, lastSuccessAt, 0.5, known).at), '2026-12-01 01:00')
})

test('what retention deleted before the agent came delays the deadline, up to that limit, until the agent has seen two weeks', () => {
  // The last three, and two a month apart from before.
  const thinned = [lastSuccessAt - 28 * day, ...all.slice(-3)]
  const deadlineSeen = (watchedSince: number) =>
    asUtc(learnedDeadline(day, lastSuccessAt, 0.5, { ends: thinned, watchedSince, sleeps: false }).at)
  assert.equal(deadlineSeen(lastSuccessAt), '2026-12-01 01:00')
  // Then a pause is one.
  assert.equal(deadlineSeen(longAgo), '2026-12-06 04:00')
  const whole = { ends: all, watchedSince: lastSuccessAt, sleeps: false }
  assert.equal(asUtc(learnedDeadline(day, lastSuccessAt, 0.5, whole).at), '2026-11-25 14:00')
})

test('the weeks of a machine that sleeps say nothing of each other', () => {
  const gaps = all.filter((_, index) => index % 3 !== 1)
  const at = (sleeps: boolean) =>
    asUtc(
      learnedDeadline(day, lastSuccessAt, 0.5, {
        ends: [...gaps, lastSuccessAt],
        watchedSince: longAgo,
        sleeps,
      }).at,
    )
  assert.equal(at(true), '2026-11-25 14:00')
  assert.notEqual(at(false), '2026-11-25 14:00')
})

test('a clock change makes the usual time an hour earlier or later, which alerts nobody', () => {
  // In office hours in Berlin until Friday, the 23rd of October 2026, 18:00, which is 16:00 UTC; on Monday 08:00 is 07:00 UTC.
  const known = ends(4, '2026-10-23 16:00', (weekday, at) => isWorkday(weekday) && at >= 6 && at <= 16)
  const learned = learnedDeadline(hour, known.at(-1) ?? 0, 0.5, {
    ends: known,
    watchedSince: longAgo,
    sleeps: false,
  })
  assert.ok(learned.at > utc('2026-10-26 07:00') + hour)
})
