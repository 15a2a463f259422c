// When a source with a schedule becomes overdue: each kind of schedule, time zones with clock changes, and backups that are
// early, late or long.

import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { effectivePolicyOf, type PolicyFields } from '../../agent/kopia/cli/merged-policy.ts'
import { scheduledDeadline } from '../../agent/limits/scheduled-deadline.ts'
import { asUtc, hour, policy, utc } from '../support/limits.ts'

type Case = {
  readonly name: string
  readonly policy: Partial<PolicyFields>
  readonly zone?: string
  /** Of the last success, in UTC; it takes half an hour unless `endedAt` is given. */
  readonly startedAt: string
  readonly endedAt?: string
  readonly longestSeconds?: number
  readonly factor?: number
  readonly dueAt: string
  readonly deadline: string
}

const nightly = { minutesOfDay: [60] }
const workdays = { cron: ['0 1 * * 1-5'] }
const officeHours = { cron: ['0 8-18 * * 1-5'] }

// 2026-11-23 is a Monday.
const cases: readonly Case[] = [
  {
    name: 'nightly: missed on Tuesday, told on Tuesday afternoon',
    policy: nightly,
    startedAt: '2026-11-23 01:00:02',
    dueAt: '2026-11-24 01:00',
    deadline: '2026-11-24 14:00',
  },
  {
    name: 'nightly at 23:00: missed on Tuesday, told on Wednesday at noon',
    policy: { minutesOfDay: [23 * 60] },
    startedAt: '2026-11-23 23:00',
    dueAt: '2026-11-24 23:00',
    deadline: '2026-11-25 12:00',
  },
  {
    name: 'on workdays: missed on Tuesday, told on Tuesday, though the longest gap is 72 h',
    policy: workdays,
    startedAt: '2026-11-23 01:00',
    dueAt: '2026-11-24 01:00',
    deadline: '2026-11-24 14:00',
  },
  {
    name: 'on workdays: silent at the weekend',
    policy: workdays,
    startedAt: '2026-11-27 01:00',
    dueAt: '2026-11-30 01:00',
    deadline: '2026-11-30 14:00',
  },
  {
    name: 'hourly in office hours: half an hour and an hour after it was due',
    policy: officeHours,
    startedAt: '2026-11-24 10:00',
    dueAt: '2026-11-24 11:00',
    deadline: '2026-11-24 12:30',
  },
  {
    name: 'hourly in office hours: the last of the day is followed by a night, half of which is its grace',
    policy: officeHours,
    startedAt: '2026-11-24 17:00',
    dueAt: '2026-11-24 18:00',
    deadline: '2026-11-25 02:00',
  },
  {
    name: 'hourly in office hours: silent at the weekend',
    policy: officeHours,
    startedAt: '2026-11-27 18:00',
    dueAt: '2026-11-30 08:00',
    deadline: '2026-11-30 09:30',
  },
  {
    name: 'an interval counts from the start of the last success',
    policy: { intervalSeconds: 6 * hour },
    startedAt: '2026-11-24 10:20',
    dueAt: '2026-11-24 16:20',
    deadline: '2026-11-24 20:20',
  },
  {
    name: 'an interval of a week has half a day of grace',
    policy: { intervalSeconds: 168 * hour },
    startedAt: '2026-11-24 10:00',
    dueAt: '2026-12-01 10:00',
    deadline: '2026-12-01 23:00',
  },
  {
    name: 'an interval and times of day: whichever comes first',
    policy: { intervalSeconds: 8 * hour, minutesOfDay: [12 * 60] },
    startedAt: '2026-11-24 10:00',
    dueAt: '2026-11-24 12:00',
    // Eight hours after the success, not after a time of day that a backup by hand anticipates.
    deadline: '2026-11-24 19:30',
  },
  {
    name: 'several times of day: the gap to the time after counts',
    policy: { minutesOfDay: [6 * 60, 18 * 60, 20 * 60] },
    startedAt: '2026-11-24 06:00',
    dueAt: '2026-11-24 18:00',
    deadline: '2026-11-24 20:00',
  },
  {
    name: 'monthly',
    policy: { cron: ['0 4 1 * *'] },
    startedAt: '2026-11-01 04:00',
    dueAt: '2026-12-01 04:00',
    deadline: '2026-12-01 17:00',
  },
  {
    name: 'crontabs with a comment and a year',
    policy: { cron: ['30 2 * * 0 # weekly', '0 0 1 1 ? 2027'] },
    startedAt: '2026-12-27 02:30',
    dueAt: '2027-01-01 00:00',
    // The shortest gap of the crontabs is that between the two in 2027: less than a week.
    deadline: '2027-01-03 04:00',
  },
  {
    name: 'a backup by hand before the time does not make the next one overdue sooner than a gap later',
    policy: nightly,
    startedAt: '2026-11-23 23:00',
    dueAt: '2026-11-24 01:00',
    deadline: '2026-11-25 00:30',
  },
  {
    name: 'a late success: due again at the usual time',
    policy: nightly,
    startedAt: '2026-11-24 05:00',
    dueAt: '2026-11-25 01:00',
    deadline: '2026-11-25 14:00',
  },
  {
    name: 'one that reaches beyond the next time is followed by the next at once',
    policy: nightly,
    startedAt: '2026-11-23 01:00',
    endedAt: '2026-11-24 07:00',
    longestSeconds: 30 * hour,
    dueAt: '2026-11-24 07:00',
    deadline: '2026-11-25 14:00',
  },
  {
    name: 'or at the time after that, if missed times are not made up for',
    policy: { ...nightly, runsMissed: false },
    startedAt: '2026-11-23 01:00',
    endedAt: '2026-11-24 07:00',
    longestSeconds: 30 * hour,
    dueAt: '2026-11-25 01:00',
    deadline: '2026-11-26 08:00',
  },
  {
    name: 'missed times do not matter to one that ends in time',
    policy: { ...nightly, runsMissed: false },
    startedAt: '2026-11-23 01:00',
    dueAt: '2026-11-24 01:00',
    deadline: '2026-11-24 14:00',
  },
  {
    name: 'a backup may take as long as the longest one',
    policy: nightly,
    startedAt: '2026-11-23 01:00',
    longestSeconds: 20 * hour,
    dueAt: '2026-11-24 01:00',
    deadline: '2026-11-24 22:00',
  },
  {
    name: 'a smaller grace',
    policy: nightly,
    startedAt: '2026-11-23 01:00',
    factor: 0.1,
    dueAt: '2026-11-24 01:00',
    // The last success ended at 01:30: a gap and an hour later.
    deadline: '2026-11-24 04:24',
  },
  {
    name: 'a larger grace',
    policy: nightly,
    startedAt: '2026-11-23 01:00',
    factor: 2,
    dueAt: '2026-11-24 01:00',
    deadline: '2026-11-26 02:00',
  },
  {
    name: 'Berlin in summer',
    policy: nightly,
    zone: 'Europe/Berlin',
    startedAt: '2026-07-13 23:00',
    dueAt: '2026-07-14 23:00',
    deadline: '2026-07-15 12:00',
  },
  {
    name: 'Berlin over the change to summer time: 23 hours',
    policy: { minutesOfDay: [4 * 60] },
    zone: 'Europe/Berlin',
    startedAt: '2026-03-28 03:00',
    dueAt: '2026-03-29 02:00',
    deadline: '2026-03-29 15:00',
  },
  {
    name: 'Berlin over the change to winter time: 25 hours',
    policy: { minutesOfDay: [4 * 60] },
    zone: 'Europe/Berlin',
    startedAt: '2026-10-24 02:00',
    dueAt: '2026-10-25 03:00',
    deadline: '2026-10-25 16:00',
  },
  {
    name: 'New York over the change to summer time, which leaves out 02:30',
    policy: { minutesOfDay: [150] },
    zone: 'America/New_York',
    startedAt: '2026-03-07 07:30',
    dueAt: '2026-03-09 06:30',
    deadline: '2026-03-09 19:30',
  },
  {
    name: 'Lord Howe Island, whose clocks change by half an hour',
    policy: { minutesOfDay: [5 * 60] },
    zone: 'Australia/Lord_Howe',
    startedAt: '2026-10-02 18:30',
    dueAt: '2026-10-03 18:00',
    deadline: '2026-10-04 07:00',
  },
  {
    name: 'Kathmandu, 5:45 hours ahead: workdays are those there',
    policy: { cron: ['0 2 * * 1-5'] },
    zone: 'Asia/Kathmandu',
    startedAt: '2026-11-26 20:15',
    dueAt: '2026-11-29 20:15',
    deadline: '2026-11-30 09:15',
  },
]

suite('the deadline of a schedule', () => {
  for (const { name, policy: fields, zone = 'UTC', factor = 0.5, longestSeconds = 0, ...times } of cases) {
    test(name, () => {
      const { schedule } = effectivePolicyOf([policy(fields)])
      assert.ok(schedule)
      const startedAt = utc(times.startedAt)
      const endedAt = times.endedAt === undefined ? startedAt + hour / 2 : utc(times.endedAt)
      const deadline = scheduledDeadline(schedule, { startedAt, endedAt }, { factor, longestSeconds }, zone)
      assert.deepEqual([asUtc(deadline?.dueAt), asUtc(deadline?.at)], [times.dueAt, times.deadline])
    })
  }
})

test('a schedule that asks for nothing any more has no deadline', () => {
  const { schedule } = effectivePolicyOf([policy({ cron: ['0 0 * * ? 2025'] })])
  const success = { startedAt: utc('2026-11-24 01:00'), endedAt: utc('2026-11-24 01:30') }
  assert.ok(schedule)
  assert.equal(scheduledDeadline(schedule, success, { factor: 0.5, longestSeconds: 0 }, 'UTC'), undefined)
})

test('another time zone than that of the schedule makes no backup overdue that comes in time', () => {
  const { schedule } = effectivePolicyOf([policy(nightly)])
  assert.ok(schedule)
  for (let zoneHours = 0; zoneHours < 24; zoneHours += 1) {
    const startedAt = utc('2026-11-24 00:00') + zoneHours * hour
    const endedAt = startedAt + hour / 2
    const deadline = scheduledDeadline(
      schedule,
      { startedAt, endedAt },
      { factor: 0.5, longestSeconds: 0 },
      'UTC',
    )
    assert.ok(deadline !== undefined && deadline.at > endedAt + 24 * hour, `${zoneHours} hours apart`)
  }
})
