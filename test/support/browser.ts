// Opens pages in a real Chromium.

import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { type Cleanable, cleanUpAfter } from './cleanup.ts'
import { tool } from './tools.ts'

/** Starts a browser, which is closed after the test. */
export async function startBrowser(context: Cleanable): Promise<Browser> {
  const browser = await launchBrowser()
  cleanUpAfter(context, () => browser.close())
  return browser
}

/** Starts a browser. The caller closes it. */
export function launchBrowser(): Promise<Browser> {
  // Chromium has no sandbox for root. Only our own pages are opened.
  const args = ['--no-sandbox', '--disable-gpu', '--disable-background-networking']
  return chromium.launch({ executablePath: tool('chromium'), args })
}

export type Visit = {
  readonly page: Page
  /** The errors and warnings of the browser, and the requests that failed. */
  readonly complaints: readonly string[]
}

/** Opens an address in a new window. */
export async function visit(browser: Browser, url: string, options: BrowserContextOptions): Promise<Visit> {
  const page = await (await browser.newContext(options)).newPage()
  const complaints: string[] = []
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(String(error)))
  page.on('requestfailed', (request) => complaints.push(`${request.url()}: ${request.failure()?.errorText}`))
  page.on('response', (response) => {
    if (!response.ok()) complaints.push(`${response.url()}: ${response.status()}`)
  })
  await page.goto(url)
  return { page, complaints }
}
