// Draws the pictures of dashboards/README.md without Grafana: layout, queries and colours come from the dashboards' JSON, the
// data from a real Prometheus, the rendering from Chromium.
//
//   node tools/draw-dashboards.ts [--prometheus=URL] [--minutes=30] [--folder=dashboards/pictures]
//
// Without --prometheus it starts the whole stack, runs backups for this many minutes, and removes everything afterwards.

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { chromium } from 'playwright-core'
import { cleanUpAfter } from '../test/support/cleanup.ts'
import { dashboardsFolder, readDashboards } from '../test/support/dashboards/model.ts'
import type { PrometheusQueries } from '../test/support/dashboards/prometheus-queries.ts'
import { runBackups } from './draw/history.ts'
import { pageOf, queryDashboard } from './draw/page.ts'
import type { Theme } from './draw/theme.ts'

const { values } = parseArgs({
  options: {
    prometheus: { type: 'string' },
    minutes: { type: 'string', default: '30' },
    folder: { type: 'string', default: join(dashboardsFolder, 'pictures') },
    chromium: { type: 'string', default: '/usr/bin/chromium' },
  },
})

type Picture = { readonly suffix: string; readonly theme: Theme; readonly width: number }
const pictures: readonly Picture[] = [
  { suffix: '', theme: 'light', width: 1400 },
  { suffix: '-dark', theme: 'dark', width: 1400 },
  { suffix: '-phone', theme: 'dark', width: 390 },
]

const progress = (text: string) => process.stderr.write(`  ${text}\n`)
const tasks: (() => unknown)[] = []
const context = { after: (task: () => unknown) => tasks.push(task) }
const minutes = Number(values.minutes)

async function startWithBackups(): Promise<string> {
  const folder = await mkdtemp('/var/tmp/demo-')
  cleanUpAfter(context, () => rm(folder, { recursive: true, force: true }))
  progress(`Running backups for ${minutes} minutes …`)
  return (await runBackups({ folder, seconds: minutes * 60, progress }, context)).url
}

async function draw(prometheusUrl: string): Promise<void> {
  const now = Date.now() / 1000
  const queries: PrometheusQueries = {
    prometheusUrl,
    range: { from: now - minutes * 60, to: now },
    scrapeIntervalSeconds: 1,
  }
  const browser = await chromium.launch({
    executablePath: values.chromium,
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
  })
  cleanUpAfter(context, () => browser.close())
  await mkdir(values.folder, { recursive: true })
  for (const [name, dashboard] of await readDashboards()) {
    const answers = await queryDashboard(queries, dashboard)
    for (const { suffix, theme, width } of pictures) {
      const page = await browser.newPage({ viewport: { width, height: 800 } })
      await page.setContent(pageOf(dashboard, answers, { queries, theme, width }))
      const path = join(values.folder, name.replace('.json', `${suffix}.png`))
      await writeFile(path, await page.screenshot({ fullPage: true }))
      progress(path)
      await page.close()
    }
  }
}

try {
  await draw(values.prometheus ?? (await startWithBackups()))
} finally {
  for (const task of tasks) await task()
}
