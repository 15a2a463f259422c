// The report on made histories, beside what really happened: a snapshot may be found in the repository before or after its log.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Outcome, outcomes } from '../../agent/kopia/runs/outcome-kinds.ts'
import { createLedger, type Ledger } from '../../agent/ledger/ledger.ts'
import { dateWordsIn } from '../../agent/report/dates.ts'
import { reportHtml } from '../../agent/report/html.ts'
import { reportText } from '../../agent/report/text.ts'
import { problemCount } from '../../agent/status/status.ts'
import { createRandom } from '../support/random.ts'
import { makeSnapshot } from '../support/snapshots.ts'
import { day, hour, ledgerOf, now, reportOn, sourceOf } from './made-report.ts'

type Happened = { readonly endedAt: number; readonly outcome: Outcome }

const dates = dateWordsIn('UTC', now)
let questions = 1000

/** Lets a history happen to a source in the ledger, as the agent sees it, and returns what happened. */
function happen(ledger: Ledger, path: string, random: () => number): readonly Happened[] {
  const source = sourceOf(path)
  const happened: Happened[] = []
  const snapshots: ReturnType<typeof makeSnapshot>[] = []
  const ask = (at: number) => {
    questions += 1
    ledger.addSnapshots(source, snapshots, { number: questions, askedAt: at, answeredAt: at })
  }
  for (let at = now - 30 * day; at < now - hour; at += hour + Math.floor(random() * 2 * day)) {
    const outcome =
      random() < 0.7 ? 'success' : (outcomes[Math.floor(random() * outcomes.length)] ?? 'failed')
    const id = `${path}-${at}`
    happened.push({ endedAt: at, outcome })
    if (outcome === 'success')
      snapshots.push(
        makeSnapshot({ id, source, startedAt: at - 60, endedAt: at, sizeBytes: 1e6 + (at % 1000) }),
      )
    const isFoundFirst = outcome === 'success' && random() < 0.5
    if (isFoundFirst) ask(at + 5)
    const hasLog = !isFoundFirst || random() < 0.5
    const errors = { fatal: outcome === 'failed' ? 1 : 0, ignored: 0 }
    const found = outcome === 'success' ? { snapshotId: id } : {}
    if (hasLog)
      ledger.addFinished(
        { source, outcome, startedAt: at - 60, endedAt: at, durationSeconds: 60, errors, ...found },
        at + 10,
      )
    if (random() < 0.5) ask(at + 20)
  }
  ask(now - 60)
  return happened
}

test('attempts, recoveries and verdict are what happened, whatever was seen first', () => {
  const random = createRandom(7)
  let verdicts = 0
  for (let round = 0; round < 60; round += 1) {
    const made = ledgerOf({}, 40 * day)
    const paths = Array.from({ length: 1 + Math.floor(random() * 4) }, (_, index) => `/${index}`)
    const histories = new Map(paths.map((path) => [path, happen(made, path, random)]))
    const ledger = createLedger(JSON.parse(JSON.stringify(made.toData(new Map()))))
    const sinceSeconds = Math.ceil(random() * 30) * day
    const report = reportOn(ledger, { sinceSeconds })
    for (const source of report.sources) {
      const { path } = source.status.source
      const all = histories.get(path) ?? []
      const history = all.filter(({ endedAt }) => endedAt >= now - sinceSeconds)
      const count = (wanted: Outcome) => history.filter(({ outcome }) => outcome === wanted).length
      const expected = {
        success: count('success'),
        failed: count('failed'),
        incomplete: count('incomplete'),
      }
      assert.deepEqual(source.attempts, expected, `round ${round}, ${path}`)
      const isBad = history.some(({ outcome }) => outcome !== 'success')
      const endsWell = history.at(-1)?.outcome === 'success'
      assert.equal(source.hasRecovered, isBad && endsWell, `round ${round}, ${path}`)
      if (all.at(-1)?.outcome !== 'success') assert.equal(source.status.state, 'failing')
    }
    const isWell = problemCount(report.status) === 0
    assert.equal(report.verdict === 'good', isWell)
    verdicts += isWell ? 1 : 0
    for (const words of [reportText(report, dates), reportHtml(report, dates)])
      assert.equal(words.match(/✓/g)?.length ?? 0, report.status.counts.fine + (isWell ? 1 : 0))
  }
  assert.ok(verdicts > 5 && verdicts < 55, `${verdicts} of 60 are good`)
})
