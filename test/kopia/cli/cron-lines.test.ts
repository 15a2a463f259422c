// Kopia's cron expressions translated for Croner. next-times.test.ts compares the times with those of a real Kopia.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cronerLineOf } from '../../../agent/kopia/cli/cron-lines.ts'
import { nextTimeOf } from '../../../agent/kopia/cli/schedule.ts'

/** The form in Kopia and the form in Croner; undefined where Kopia never runs. */
const lines: readonly (readonly [string, string | undefined])[] = [
  ['0 3 * * *', '0 0 3 * * * *'],
  ['0\t3  * * *  # at night', '0 0 3 * * * *'],
  ['30 0 3 * * * 2027', '30 0 3 * * * 2027'],
  ['0 3 * * * 2027-2029', '0 0 3 * * * 2027,2028,2029'],
  ['0 0 3 * * 1 2027 more fields', '0 0 3 * * 1 2027'],
  ['0/15 8-18/5 * * *', '0 0,15,30,45 8,13,18 * * * *'],
  ['*/20 3 * * *', '0 0,20,40 3 * * * *'],
  ['0 3 10/10 1/6 *', '0 0 3 10,20,30 1,7 * *'],
  ['0 3 1 January,jul-september *', '0 0 3 1 1,7,8,9 * *'],
  ['0 3 * * Monday,WED', '0 0 3 * * 1,3 *'],
  ['0 3 * * 0,7', '0 0 3 * * 0 *'],
  ['0 3 * * 5-7', '0 0 3 * * 5,6 *'],
  ['0 3 * * sat-sun', '0 0 3 * * 6 *'],
  ['0 3 * * 1-5/2', '0 0 3 * * 1,3,5 *'],
  ['0 3 * * 05', '0 0 3 * * 0 *'],
  ['0 3 * * 1#2', '0 0 3 * * 1 *'],
  ['0 3 * * 5L,monl', '0 0 3 * * 5L,1L *'],
  ['0 3 L,lw,15w * *', '0 0 3 L,LW,15W * * *'],
  ['0 3 ?,5 * ?', '0 0 3 * * * *'],
  ['@weekly', '0 0 0 * * 0 *'],
  ['0 3 * * fri-mon', undefined],
  ['0 22-6 * * *', undefined],
  ['# nothing', undefined],
  ['@reboot', undefined],
]

for (const [line, expected] of lines) {
  test(`${line} is ${expected ?? 'nothing'}`, () => {
    assert.equal(cronerLineOf(line), expected)
  })
}

test('a time that a change to summer time skips does not come on that day; one that is repeated comes once', () => {
  const nextAfter = (time: string, line: string) => {
    const timetable = [cronerLineOf(line) ?? '']
    const next = nextTimeOf({ timetable, runsMissed: true }, Date.parse(time) / 1000, 'Europe/Berlin')
    return next === undefined ? undefined : new Date(next * 1000).toISOString()
  }
  assert.equal(nextAfter('2027-03-27T12:00:00Z', '30 2 * * *'), '2027-03-29T00:30:00.000Z')
  assert.equal(nextAfter('2027-03-27T12:00:00Z', '30 3 * * *'), '2027-03-28T01:30:00.000Z')
  assert.equal(nextAfter('2027-03-28T00:20:00Z', '15 * * * *'), '2027-03-28T01:15:00.000Z')
  assert.equal(nextAfter('2027-10-30T12:00:00Z', '30 2 * * *'), '2027-10-31T00:30:00.000Z')
  assert.equal(nextAfter('2027-10-31T00:30:00Z', '30 2 * * *'), '2027-11-01T01:30:00.000Z')
})
