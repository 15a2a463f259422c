// The report as HTML in a real browser: readable at any width, in light and dark, by everybody; small, and without scripts.

import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { test } from 'node:test'
import { dateWordsIn } from '../../agent/report/dates.ts'
import { reportHtml } from '../../agent/report/html.ts'
import type { Report } from '../../agent/report/report.ts'
import { startBrowser } from '../support/browser.ts'
import {
  hostilePath,
  ledgerOf as ledgerOfHistories,
  manyHistories,
  troubledLedger,
} from '../support/ledgers.ts'
import { daily, day, hour, ledgerOf, type Made, now, reportOn } from './made-report.ts'

const dates = dateWordsIn('Europe/Berlin', now)
const ledgersNow = Date.parse('2026-11-24T12:00:00Z') / 1000
const failing: readonly Made[] = [...daily(9).slice(0, -1), [6 * hour, 'failed']]

const reports: Readonly<Record<string, Report>> = {
  good: reportOn(ledgerOf({ '/srv/photos': daily(9), '/home/anna': daily(9) })),
  attention: reportOn(
    ledgerOf({ '/srv/photos': daily(9), [hostilePath]: failing, '/late': daily(9).slice(0, 4) }),
  ),
  new: reportOn(ledgerOf({ '/new': [], '/srv/photos': daily(2) }, 8 * hour)),
  unknown: reportOn(troubledLedger(), { at: ledgersNow }),
  empty: reportOn(ledgerOf({})),
}

const require = createRequire(import.meta.url)
const axe = await readFile(require.resolve('axe-core/axe.min.js'), 'utf8')

type AxeWindow = {
  readonly axe: { run: () => Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> }
}

for (const [name, report] of Object.entries(reports)) {
  test(`"${name}" is accessible in light and dark, and fits into 320 to 1280 pixels`, async (context) => {
    const browser = await startBrowser(context)
    for (const colorScheme of ['light', 'dark'] as const) {
      const page = await browser.newPage({ colorScheme, viewport: { width: 320, height: 700 } })
      await page.setContent(reportHtml(report, dates))
      for (const width of [320, 700, 1280]) {
        await page.setViewportSize({ width, height: 700 })
        assert.ok(
          ((await page.evaluate('document.documentElement.scrollWidth')) as number) <= width,
          `${width}`,
        )
      }
      await page.evaluate(axe)
      const violations = await page.evaluate(async () => {
        const found = await (globalThis as unknown as AxeWindow).axe.run()
        return found.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)
      })
      assert.deepEqual(violations, [], colorScheme)
      await page.close()
    }
  })

  test(`"${name}" has no scripts, links or requests, and escapes every name`, () => {
    const html = reportHtml(report, dates)
    assert.doesNotMatch(html, /<script|<img|<link|<iframe|href=|src=(?!x)|url\(|javascript:|\u202e/)
    assert.equal(html.match(/<style>/g)?.length, 1)
  })
}

test('500 sources: all that need attention and the first of the others, in less than 100 kB', () => {
  const report = reportOn(ledgerOfHistories(manyHistories(500)), { at: ledgersNow })
  const html = reportHtml(report, dates)
  assert.ok(Buffer.byteLength(html) < 100_000, `${Buffer.byteLength(html)} bytes`)
  const bad = report.sources.filter(({ needsAttention }) => needsAttention)
  assert.ok(bad.length > 20)
  assert.equal(html.match(/>[✗!]<\/td>/g)?.length, bad.length)
  assert.ok(/And 4\d\d more sources: &quot;kopia-metrics-agent status&quot; shows all\./.test(html))
})

test('also 500 problems fit into 100 kB, and how many are left out is said', () => {
  const sources = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`/srv/${index}`, failing]))
  const html = reportHtml(reportOn(ledgerOf(sources)), dates)
  assert.ok(Buffer.byteLength(html) < 100_000, `${Buffer.byteLength(html)} bytes`)
  const shown = html.match(/>✗<\/td>/g)?.length ?? 0
  assert.ok(shown > 80, `${shown} shown`)
  assert.match(html, new RegExp(`And ${500 - shown} more sources`))
})

test('a mail program that drops the style element shows readable colours', () => {
  const html = reportHtml(reportOn(ledgerOf({ '/a': daily(9) }, 365 * day)), dates)
  const withoutStyle = html.replace(/<style>[\s\S]*<\/style>/, '')
  assert.match(withoutStyle, /<body class="page" style="background-color:#f4f5f7/)
  for (const [element] of withoutStyle.matchAll(/<(h1|h2|p|b|span|div) [^>]*>/g))
    assert.match(element, /style="color:#/)
})
