// A real Chromium that looks at pages.

import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { type Cleanable, cleanUpAfter } from './cleanup.ts'
import { tool } from './tools.ts'

/** Starts a browser for one test; it is closed with it. */
export async function startBrowser(context: Cleanable): Promise<Browser> {
  const browser = await launchBrowser()
  cleanUpAfter(context, () => browser.close())
  return browser
}

/** Starts a browser, to be closed by the caller. */
export function launchBrowser(): Promise<Browser> {
  // Root has no sandbox, and nothing but our own pages is opened.
  const args = ['--no-sandbox', '--disable-gpu', '--disable-background-networking']
  return chromium.launch({ executablePath: tool('chromium'), args })
}

export type Visit = {
  readonly page: Page
  /** What the browser complained of: errors and warnings, refused loads included. */
  readonly complaints: readonly string[]
}

/** Opens an address in a window of its own. */
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
