// Draws the dashboards for dashboards/README.md: layout, queries and colours from their JSON, the data from a
// real Prometheus, the pixels from Chromium. No Grafana has a part in it.
//
//   node tools/draw-dashboards.ts [--prometheus=URL] [--minutes=30] [--folder=dashboards/pictures]
//
// Without a Prometheus it starts the whole stack, lets a machine back up for that long, and takes all away again.

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { chromium } from 'playwright-core'
import { cleanUpAfter } from '../test/support/cleanup.ts'
import type { Asker } from '../test/support/dashboards/answers.ts'
import { dashboardsFolder, readDashboards } from '../test/support/dashboards/model.ts'
import { liveThrough } from './draw/history.ts'
import { answersTo, pageOf } from './draw/page.ts'
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

async function history(): Promise<string> {
  const folder = await mkdtemp('/var/tmp/demo-')
  cleanUpAfter(context, () => rm(folder, { recursive: true, force: true }))
  progress(`A machine backs up for ${minutes} minutes …`)
  return (await liveThrough({ folder, seconds: minutes * 60, progress }, context)).url
}

async function draw(prometheusUrl: string): Promise<void> {
  const now = Date.now() / 1000
  const asker: Asker = {
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
    const answers = await answersTo(asker, dashboard)
    for (const { suffix, theme, width } of pictures) {
      const page = await browser.newPage({ viewport: { width, height: 800 } })
      await page.setContent(pageOf(dashboard, answers, { asker, theme, width }))
      const path = join(values.folder, name.replace('.json', `${suffix}.png`))
      await writeFile(path, await page.screenshot({ fullPage: true }))
      progress(path)
      await page.close()
    }
  }
}

try {
  await draw(values.prometheus ?? (await history()))
} finally {
  for (const task of tasks) await task()
}
