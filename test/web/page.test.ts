// Tests the status page in Chromium. KOPIA_METRICS_SCREENSHOTS=folder saves screenshots.

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { Page } from 'playwright-core'
import { formatSource } from '../../agent/kopia/source.ts'
import type { Ledger } from '../../agent/ledger/ledger.ts'
import { statusOf } from '../../agent/status/status.ts'
import { statusPage } from '../../agent/web/page.ts'
import { startWebServer } from '../../agent/web/server.ts'
import { startBrowser, visit } from '../support/browser.ts'
import { cleanUpAfter } from '../support/cleanup.ts'
import { day, hostilePath, ledgerOf, manyHistories, now, troubledLedger } from '../support/ledgers.ts'
import { defaultLimitSettings } from '../support/limits.ts'
import { accessibilityFaults, overflowing } from '../support/page-faults.ts'
import { checksumFault, ledgerWithProofs, nightlySettings, proofOf } from '../support/proofs.ts'

type Case = { readonly name: string; readonly ledger: Ledger; readonly faults: readonly string[] }

const repository = {
  status: {
    repositoryId: 'ed00',
    user: 'root',
    host: 'server-0',
    storageType: 'filesystem',
    areActionsEnabled: true,
    capacityBytes: 4e12,
    availableBytes: 1.4e12,
  },
  blobs: { count: 70_000, sizeBytes: 812e9 },
  contentsBytes: 1.3e12,
  maintenance: {
    quick: { lastSuccessAt: now - 1800 },
    full: { lastSuccessAt: now - day, nextAt: now + 600 },
  },
}

function caseOf(count: number, faults: readonly string[] = []): Case {
  const ledger = ledgerOf(manyHistories(count))
  if (count > 0) ledger.updateRepository(repository)
  return { name: `${count} sources`, ledger, faults }
}

async function serve(
  context: TestContext,
  { ledger, faults }: Case,
  limits = defaultLimitSettings,
): Promise<string> {
  const running = new Map(
    [...ledger.sources.values()].slice(3, 4).map(({ source }) => [formatSource(source), now - 100]),
  )
  const web = await startWebServer({
    host: '127.0.0.1',
    port: 0,
    allowedHosts: [],
    login: undefined,
    metrics: () => ({ status: 200, contentType: 'text/plain', body: '' }),
    page: async (query) => {
      const refresh = query.get('refresh') === 'off' ? 'off' : 'on'
      const status = statusOf(ledger, limits, running, now)
      const { body, headers } = statusPage({
        status,
        instance: 'server-0',
        version: '1.2.3',
        faults,
        refresh,
      })
      return { status: 200, contentType: 'text/html; charset=utf-8', body, headers }
    },
    progress: () => 'up to date',
    onError: (error) => assert.fail(String(error)),
  })
  cleanUpAfter(context, () => web.close())
  return `http://127.0.0.1:${web.port}/`
}

async function saveScreenshot(page: Page, name: string): Promise<void> {
  const folder = process.env.KOPIA_METRICS_SCREENSHOTS
  if (folder)
    await page.screenshot({ path: join(folder, `${name.replaceAll(' ', '-')}.png`), fullPage: true })
}

const faults = ['Pushing to the gateway fails and is tried again: connect ECONNREFUSED 127.0.0.1:9091']

for (const shown of [caseOf(0), caseOf(3, faults), caseOf(200)]) {
  test(`the page with ${shown.name} has no errors, does not overflow and is accessible, at any width, light and dark`, async (context) => {
    // A refresh during axe's run would end it.
    const url = `${await serve(context, shown)}?refresh=off`
    const browser = await startBrowser(context)
    for (const width of [320, 390, 700, 1000, 1400]) {
      for (const colorScheme of ['light', 'dark'] as const) {
        const options = { viewport: { width, height: 900 }, colorScheme }
        const { page, complaints } = await visit(browser, url, options)
        const where = `${shown.name} ${width} ${colorScheme}`
        await saveScreenshot(page, where)
        assert.deepEqual(await overflowing(page), [], where)
        assert.deepEqual(await accessibilityFaults(page), [], where)
        assert.deepEqual(complaints, [], where)
        await page.context().close()
      }
    }
  })
}

test('the page shows the worst source first, needs no scripts, and escapes hostile names', async (context) => {
  const url = await serve(context, caseOf(60))
  const browser = await startBrowser(context)
  const { page, complaints } = await visit(browser, url, { javaScriptEnabled: false })
  assert.equal(await page.title(), '(5) 3 failing, 2 overdue of 60 sources · server-0')
  assert.equal(
    await page.getByRole('heading', { level: 1 }).textContent(),
    '3 failing, 2 overdue of 60 sources',
  )
  const rows = page.getByRole('row')
  assert.equal(await rows.count(), 61)
  const states = await page.locator('td.state').allTextContents()
  assert.deepEqual(states, [
    ...Array(3).fill('Failing'),
    ...Array(2).fill('Overdue'),
    ...Array(55).fill('Fine'),
  ])
  assert.match(
    (await rows.nth(1).textContent()) ?? '',
    /Failing.*The last attempt failed 30 s ago, 2 times in a row: 2 files could not be read\./s,
  )
  const hostile = rows.filter({ hasText: 'onerror' })
  assert.match(
    (await hostile.textContent()) ?? '',
    /\/srv\/<img src=x onerror=alert\(1\)>"'&amp;\\n\\u\{1b\}\[31m\\u\{202e\}写真 é/,
  )
  assert.ok(hostilePath.includes('<img'))
  assert.equal(await page.locator('img, script').count(), 0)
  assert.match(
    (await rows.nth(1).locator('svg.chart').getAttribute('aria-label')) ?? '',
    /2 without a complete backup$/,
  )
  assert.deepEqual(complaints, [])
})

test('the page tells why each attempt and command failed, and escapes the reasons', async (context) => {
  const url = await serve(context, { name: 'everything wrong', ledger: troubledLedger(), faults: [] })
  const browser = await startBrowser(context)
  const { page, complaints } = await visit(browser, `${url}?refresh=off`, {
    viewport: { width: 320, height: 900 },
  })
  const summary = 'Kopia is connected to another repository; 1 command failed; 3 failing of 4 sources'
  assert.equal(await page.title(), `(5) ${summary} · server-0`)
  assert.equal(await page.getByRole('heading', { level: 1 }).textContent(), summary)
  const reason = 'Kopia ended with: <script>alert(1)</script>"\'&amp;\\n\\u{1b}[31m é.'
  assert.deepEqual(await page.getByLabel('What does not work').getByRole('listitem').allTextContents(), [
    'Kopia is connected to another repository (beef) than the one known here (ed00): connect it to the known one again, ' +
      'or run "kopia-metrics-agent forget --sources" to accept the other one.',
    `The last "kopia snapshot verify" failed: ${reason}`,
  ])
  assert.deepEqual(await page.locator('.problem').allTextContents(), [
    'The last attempt failed 1 min ago.',
    reason,
    'The repository holds no snapshot of it any more (since 2026-11-24 09:00 UTC).',
    'The last attempt reported a success 10 min ago, but nothing proves it.',
    'Flush error: disk full.',
  ])
  assert.equal(await page.locator('script').count(), 0)
  assert.deepEqual(await overflowing(page), [])
  assert.deepEqual(await accessibilityFaults(page), [])
  assert.deepEqual(complaints, [])
})

test('the page tells what cannot be read back, and when each source was last proved readable', async (context) => {
  const ledger = ledgerWithProofs({
    '/damaged': proofOf({ lastSuccessAt: now - 2 * day, verdict: checksumFault }),
    '/late': proofOf({ lastSuccessAt: now - 9 * day, unprovenReason: '<b>no space left on device</b>' }),
    '/new': undefined,
  })
  const url = await serve(context, { name: 'proofs', ledger, faults: [] }, nightlySettings)
  const browser = await startBrowser(context)
  const { page, complaints } = await visit(browser, `${url}?refresh=off`, {
    viewport: { width: 1240, height: 900 },
  })
  assert.ok(await page.getByRole('columnheader', { name: 'Proved readable' }).isVisible())
  const proved = page.locator('td:nth-child(5)')
  assert.deepEqual(await proved.allInnerTexts(), ['2 d ago', '9 d ago', 'never'])
  assert.match(
    (await proved.first().locator('time').getAttribute('title')) ?? '',
    /^2026-11-22 \d\d:\d\d:\d\d \S+$/,
  )
  assert.deepEqual(await page.locator('.problem').allTextContents(), [
    'The snapshot of 2026-11-24 03:30 UTC cannot be read back: 3 objects (checksum): invalid checksum at p12 offset 0.',
  ])
  assert.deepEqual(await page.locator('.note').allTextContents(), [
    'Last proved readable 9 d ago; the proof is overdue for 6 d.',
    'The last verification ended 7 h ago and found nothing out: <b>no space left on device</b>.',
    'Never proved readable; the proof is overdue for 27 d.',
  ])
  for (const width of [320, 700, 1240]) {
    await page.setViewportSize({ width, height: 900 })
    assert.deepEqual(await overflowing(page), [], `${width}`)
  }
  assert.deepEqual(await accessibilityFaults(page), [])
  assert.deepEqual(complaints, [])
})

test('without verifications the page has no column about them', async (context) => {
  const text = await (await fetch(await serve(context, caseOf(3)))).text()
  assert.doesNotMatch(text, /[Pp]rove/)
})

test('the page refreshes until it is paused, and its policy allows nothing but itself', async (context) => {
  const url = await serve(context, caseOf(3))
  const fresh = await fetch(url)
  assert.equal(fresh.headers.get('refresh'), '30')
  const policy = fresh.headers.get('content-security-policy') ?? ''
  assert.match(policy, /^default-src 'none'; style-src 'sha256-[\w+/]{43}='; img-src data:;/)
  assert.doesNotMatch(policy, /unsafe|\*|https?:/)
  const browser = await startBrowser(context)
  const { page, complaints } = await visit(browser, url, {})
  await page.getByRole('link', { name: 'Pause' }).click()
  assert.equal(new URL(page.url()).search, '?refresh=off')
  assert.equal((await fetch(page.url())).headers.get('refresh'), null)
  assert.match((await page.locator('.top').textContent()) ?? '', /does not refresh/)
  // The policy also blocks a script that gets into the page.
  const hasRun = await page.evaluate(`
    const script = document.createElement('script')
    script.textContent = 'document.title = "it ran"'
    document.body.append(script)
    document.title === 'it ran'`)
  assert.equal(hasRun, false)
  assert.ok(
    complaints.every((complaint) => complaint.includes('Content Security Policy')),
    complaints.join(),
  )
})

test('the page shows the worst 500 of thousands of sources and stays small', async (context) => {
  const response = await fetch(await serve(context, caseOf(10_000)))
  const text = await response.text()
  assert.equal(text.match(/<tr role="row" class="/g)?.length, 500)
  assert.match(text, /And 9,500 more, none of them worse/)
  assert.ok(text.length < 3e6, `${text.length} bytes`)
})
