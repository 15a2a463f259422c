// The report beside the alerts: what makes an alert fire is never good news.

import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { sizeBaselineOf } from '../../agent/limits/baselines.ts'
import { concernLimits } from '../../agent/report/concerns.ts'
import { dateWordsIn } from '../../agent/report/dates.ts'
import { headline } from '../../agent/report/headline.ts'
import { reportJson } from '../../agent/report/json.ts'
import type { Report } from '../../agent/report/report.ts'
import { reportText } from '../../agent/report/text.ts'
import { overallState, problemCount } from '../../agent/status/status.ts'
import { summaryWords } from '../../agent/status/summary-words.ts'
import { statusTable } from '../../agent/status/table.ts'
import { daily, day, hour, ledgerOf, type Made, now, reportOn, repositoryStatus } from './made-report.ts'

const dates = dateWordsIn('Europe/Berlin', now)
const line = (report: Report) => headline(report, dates)

/** Daily backups of a gigabyte, of which the last `shrunk` have a tenth. */
function shrunkOf(count: number, shrunk: number): readonly Made[] {
  return daily(count).map(([ago, outcome]) => [ago, outcome, ago < shrunk * day ? 1e8 : 1e9])
}

test('what shrank since yesterday is told whatever the period, also where nothing is known from before it', () => {
  for (const [days, periods] of [
    [90, [1, 7, 28, 32, 60, 366]],
    [20, [7, 20, 28, 60]],
  ] as const) {
    const ledger = ledgerOf({ '/a': shrunkOf(days, 1) })
    for (const state of ledger.sources.values()) assert.equal(sizeBaselineOf(state, now)?.bytes, 1e9)
    for (const period of periods) {
      const report = reportOn(ledger, { sinceSeconds: period * day })
      const what = `${days} days, period of ${period}`
      assert.equal(line(report), '1 of 1 backup needs attention: /a shrank to 10 %', what)
    }
  }
})

test('what shrank ten days ago is told by a report on a longer time, however long', () => {
  const ledger = ledgerOf({ '/a': shrunkOf(90, 10) })
  for (const period of [14, 28, 60, 366])
    assert.equal(reportOn(ledger, { sinceSeconds: period * day }).verdict, 'attention', `${period} days`)
  assert.equal(reportOn(ledger, { sinceSeconds: 7 * day }).verdict, 'good')
})

test('an attempt that is stuck is no good news, and stands in the status, too', () => {
  const ledger = ledgerOf({ '/a': daily(9), '/b': daily(9) })
  const runningFor = (seconds: number) =>
    reportOn(ledger, { runningSince: new Map([['root@nas:/a', now - seconds]]) })
  const usual = runningFor(2 * hour)
  assert.equal(usual.verdict, 'good')
  assert.match(reportText(usual, dates), /last 5 h ago · running for 2 h\n/)
  const stuck = runningFor(4 * hour)
  assert.equal(line(stuck), '1 of 2 backups needs attention: /a running unusually long')
  assert.match(reportText(stuck, dates), /\n {4}Running for 4 h, unusually long\.\n/)
  assert.equal(JSON.parse(reportJson(stuck, dates)).sources[0].needs_attention, true)
  assert.deepEqual(
    [usual, stuck].map(({ status }) => problemCount(status)),
    [0, 1],
  )
  assert.equal(overallState(stuck.status), 'overdue')
  assert.equal(
    summaryWords(stuck.status),
    '1 backup running unusually long; the last attempts of all 2 sources succeeded',
  )
  const table = statusTable(stuck.status, { columns: undefined, paint: (_, text) => text })
  assert.match(table, /running for 4 h, unusually long\n/)
})

test('a first backup that is under way has begun', () => {
  const ledger = ledgerOf({ '/a': daily(9), '/new': [] }, 8 * hour)
  const report = reportOn(ledger, { runningSince: new Map([['root@nas:/new', now - hour]]) })
  assert.match(line(report), /^1 of 2 backups is good, 1 is under way: /)
})

test('a restore that failed is told for a day, other commands until they succeed', () => {
  for (const [command, ago, verdict] of [
    ['snapshot restore', hour, 'attention'],
    ['snapshot restore', 30 * day, 'good'],
    ['restore', 30 * day, 'good'],
    ['maintenance run', 30 * day, 'attention'],
    ['snapshot verify', 30 * day, 'attention'],
  ] as const) {
    const ledger = ledgerOf({ '/a': daily(9) })
    ledger.addCommand(command, now - ago, 'no such file')
    assert.equal(reportOn(ledger).verdict, verdict, `${command} ${ago} s ago`)
  }
})

test('the limits of verifications, maintenance and storage are those of the alerts', async () => {
  const rules = await readFile(new URL('../../rules/kopia_alerts.yml', import.meta.url), 'utf8')
  const { verifyDays, maintenanceDays, storageShare } = concernLimits
  for (const expression of [
    `{command="snapshot verify"}[15m]) > ${verifyDays} * 86400`,
    `{kind="full"}[15m]) > ${maintenanceDays} * 86400`,
    `(last_over_time(kopia_repository_capacity_bytes[15m]) > 0) < ${storageShare}\n`,
  ])
    assert.ok(rules.includes(expression), expression)
})

test('no verification by hand for long, maintenance that is overdue, and a storage that is full are no good news', () => {
  const verified = (ago: number) => {
    const ledger = ledgerOf({ '/a': daily(9) })
    ledger.addCommand('snapshot verify', now - ago)
    return reportOn(ledger)
  }
  assert.equal(verified(34 * day).verdict, 'good')
  assert.equal(line(verified(60 * day)), 'Needs attention: "kopia snapshot verify" last succeeded 60 d ago')
  assert.match(
    reportText(verified(60 * day), dates),
    /\n! "kopia snapshot verify" last succeeded 60 d ago\.\n/,
  )

  const dueAgo = (ago: number, hours = 20) => {
    const ledger = ledgerOf({ '/a': daily(9, hours) })
    ledger.updateRepository({ maintenance: { quick: {}, full: { nextAt: now - ago } } })
    return reportOn(ledger)
  }
  assert.equal(dueAgo(3 * day).verdict, 'good')
  assert.equal(line(dueAgo(5 * day)), 'Needs attention: full maintenance is overdue for 5 d')
  const onlyNow = ledgerOf({ '/a': [[hour, 'success']] })
  onlyNow.updateRepository({ maintenance: { quick: {}, full: { nextAt: now - 5 * day } } })
  assert.equal(reportOn(onlyNow).verdict, 'good', 'the first backup since then may have run it')

  const left = (availableBytes: number) => {
    const ledger = ledgerOf({ '/a': daily(9) })
    ledger.updateRepository({ status: { ...repositoryStatus, capacityBytes: 1000, availableBytes } })
    return reportOn(ledger)
  }
  assert.equal(left(31).verdict, 'good')
  assert.equal(line(left(12)), "Needs attention: the repository's storage is nearly full: 1.2 % left")
})
