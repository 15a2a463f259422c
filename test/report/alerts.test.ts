// The report beside the alerts: what makes an alert fire is never good news.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sizeBaselineOf } from '../../agent/limits/baselines.ts'
import { dateWordsIn } from '../../agent/report/dates.ts'
import { headline } from '../../agent/report/headline.ts'
import type { Report } from '../../agent/report/report.ts'
import { daily, day, ledgerOf, type Made, now, reportOn } from './made-report.ts'

const dates = dateWordsIn('Europe/Berlin')
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
