// Creates the pictures of README.md and docs/ in docs/images from real runs (`npm run pictures`, takes some minutes): a real
// Kopia with a repository, a real agent, `status` in a terminal and the status page in Chromium. Only names and times are
// simulated: Kopia's --override-source, --start-time and --end-time create a history of a month. For the report, a machine of its
// own has an agent that counts since a month ago. `npm run pictures -- report` creates only the pictures of the report.
//
// 12 kB in one file, because the steps belong together and nothing else uses them.

import { mkdir, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { html } from '../agent/web/html.ts'
import { launchBrowser } from '../test/support/browser.ts'
import { createKopiaLab, type KopiaLab } from '../test/support/kopia.ts'
import { type Running, start } from '../test/support/processes.ts'
import { agentEntry, type Service, startAgent, startPushgateway } from '../test/support/stack.ts'
import { projectFolder, tool } from '../test/support/tools.ts'
import { waitFor } from '../test/support/wait.ts'

const images = join(projectFolder, 'docs/images')
const hourMs = 3_600_000
const dayMs = 24 * hourMs

type SourceHistory = {
  readonly path: string
  readonly megabytes: number
  readonly files: number
  readonly count: number
  readonly everyMs: number
  /** The age of the newest snapshot. */
  readonly agoMs: number
  /** The shortest and longest duration. */
  readonly seconds: readonly [number, number]
}

const histories: readonly SourceHistory[] = [
  {
    path: '/srv/photos',
    megabytes: 3100,
    files: 180,
    count: 30,
    everyMs: dayMs,
    agoMs: 5 * hourMs,
    seconds: [380, 720],
  },
  {
    path: '/srv/database',
    megabytes: 900,
    files: 12,
    count: 27,
    everyMs: 6 * hourMs,
    agoMs: 9 * hourMs,
    seconds: [70, 110],
  },
  {
    path: '/srv/mail',
    megabytes: 420,
    files: 240,
    count: 22,
    everyMs: dayMs,
    agoMs: 3 * dayMs,
    seconds: [150, 260],
  },
  {
    path: '/home/anna',
    megabytes: 640,
    files: 310,
    count: 30,
    everyMs: 12 * hourMs,
    agoMs: 2 * hourMs,
    seconds: [20, 95],
  },
  { path: '/etc', megabytes: 8, files: 60, count: 30, everyMs: dayMs, agoMs: 4 * hourMs, seconds: [2, 4] },
]

/** Varies a value deterministically, so that pictures only change if the agent's output does. */
function vary(number: number, [least, most]: readonly [number, number]): number {
  return least + ((Math.sin(number * 2.3) + Math.sin(number * 0.7) + 2) / 4) * (most - least)
}

async function createFolder(folder: string, { path, megabytes, files }: SourceHistory): Promise<string> {
  const at = join(folder, path)
  await mkdir(at, { recursive: true })
  for (let number = 0; number < files; number += 1) {
    const file = join(at, `file-${number}`)
    // Sparse files use no disk space, and Kopia stores their zeros once.
    await writeFile(file, String(number))
    await truncate(file, Math.round((megabytes * 1e6) / files))
  }
  return at
}

/** Formats a time for Kopia's command line. */
function kopiaTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace('T', ' ').replace(/\..*/, ' UTC')
}

async function createSnapshots(
  kopia: KopiaLab,
  source: SourceHistory,
  folder: string,
  now: number,
): Promise<void> {
  process.stderr.write(`  ${source.count} snapshots of ${source.path} …\n`)
  for (let number = source.count - 1; number >= 0; number -= 1) {
    const endedAt = now - source.agoMs - number * source.everyMs
    const startedAt = endedAt - 1000 * vary(number, source.seconds)
    const times = [`--start-time=${kopiaTime(startedAt)}`, `--end-time=${kopiaTime(endedAt)}`]
    await kopia.must('snapshot', 'create', '--disable-file-logging', ...times, overrideSource(source), folder)
  }
}

function overrideSource({ path }: SourceHistory): string {
  return `--override-source=root@nas:${path}`
}

type Machine = { readonly kopia: KopiaLab; readonly agent: Service; readonly running: Running }

const cleanUp: (() => Promise<unknown>)[] = []

async function createMachine(folder: string): Promise<Machine> {
  const stateDirectory = join(folder, 'state')
  const kopia = await createKopiaLab(join(folder, 'kopia'), stateDirectory)
  await kopia.must('repository', 'set-client', '--username=root', '--hostname=nas')
  await kopia.must('policy', 'set', '--global', '--keep-latest=100', '--keep-hourly=0', '--keep-daily=0')
  const now = Date.now()
  const folders = new Map<string, string>()
  for (const source of histories) {
    const at = await createFolder(join(folder, 'files'), source)
    folders.set(source.path, at)
    await createSnapshots(kopia, source, at, now)
  }
  const gateway = await startPushgateway()
  cleanUp.push(() => gateway.stop())
  const agent = await startAgent(
    { stateDirectory, kopiaEnvironment: kopia.environment },
    { KOPIA_METRICS_PUSHGATEWAY_URL: gateway.url, KOPIA_METRICS_INSTANCE: 'nas' },
  )
  cleanUp.push(() => agent.stop())
  const [, database, , home] = histories
  if (database === undefined || home === undefined) throw new Error('expected at least four sources')
  await failTwice(kopia, database, folders.get(database.path) ?? '', folder)
  return { kopia, agent, running: await startLongBackup(kopia, home, folders.get(home.path) ?? '', agent) }
}

/** Runs two backups that fail because the action that dumps the database fails. */
async function failTwice(kopia: KopiaLab, source: SourceHistory, at: string, folder: string): Promise<void> {
  const dump = join(folder, 'dump-database.sh')
  await writeFile(dump, '#!/bin/sh\nexit 3\n', { mode: 0o755 })
  await kopia.must('policy', 'set', `root@nas:${source.path}`, `--before-snapshot-root-action=${dump}`)
  for (const _ of [1, 2]) {
    const { exitCode } = await kopia.run('snapshot', 'create', overrideSource(source), at)
    if (exitCode !== 1) throw new Error(`the backup of ${source.path} did not fail`)
  }
}

/** Starts a backup that is still running while the pictures are taken. */
async function startLongBackup(
  kopia: KopiaLab,
  source: SourceHistory,
  at: string,
  agent: Service,
): Promise<Running> {
  await writeFile(join(at, 'video'), '')
  await truncate(join(at, 'video'), 2 ** 40)
  const running = kopia.start('snapshot', 'create', overrideSource(source), at)
  cleanUp.push(() => running.stop('SIGKILL'))
  await waitFor('the page shows the running and the failed backup', async () => {
    const page = await (await fetch(agent.url)).text()
    return /Running for [1-9]\d* s/.test(page) && page.includes('2 times in a row') ? true : undefined
  })
  return running
}

async function capturePage(browser: Browser, agent: Service): Promise<void> {
  const shots = [
    { name: 'page-light', width: 1280, height: 800, colorScheme: 'light' },
    { name: 'page-dark', width: 1280, height: 800, colorScheme: 'dark' },
    { name: 'page-phone', width: 390, height: 800, colorScheme: 'light' },
  ] as const
  for (const { name, width, height, colorScheme } of shots) {
    const page = await browser.newPage({ viewport: { width, height }, colorScheme })
    await page.goto(agent.url)
    await page.screenshot({ path: join(images, `${name}.png`), fullPage: name !== 'page-phone' })
    await page.close()
  }
}

/** Runs `status` in a terminal of 110 columns, and returns its output with escape sequences. */
async function statusOutput(kopia: KopiaLab): Promise<string> {
  const command = `stty cols 110; exec '${process.execPath}' '${agentEntry}' status`
  const terminal = start('terminal', 'script', ['-qec', command, '/dev/null'], {
    environment: { ...kopia.environment, KOPIA_METRICS_KOPIA_BIN: tool('kopia'), TERM: 'xterm-256color' },
  })
  await terminal.ended
  return terminal.output().replaceAll('\r', '')
}

const colours: Readonly<Record<string, string>> = {
  '1': 'font-weight:bold',
  '2': 'opacity:.65',
  '31': 'color:#ff8b82',
  '32': 'color:#5fce80',
  '33': 'color:#eab54e',
  '36': 'color:#7cd5e0',
}

/** Converts the colour escape sequences (ECMA-48 SGR) that `status` uses to HTML. */
function terminalPage(text: string): string {
  let open: readonly string[] = []
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the pattern matches escape sequences
  const pieces = text.split(/\u001b\[(\d+)m/).map((piece, index) => {
    if (index % 2 === 0)
      return html`<span style="${open.map((code) => colours[code] ?? '').join(';')}">${piece}</span>`
    const isEnd = piece === '22' || piece === '39'
    const ends = piece === '22' ? ['1', '2'] : Object.keys(colours).filter((code) => code.length === 2)
    open = isEnd ? open.filter((code) => !ends.includes(code)) : [...open, piece]
    return html``
  })
  const style =
    'margin:0;padding:22px 26px;background:#181d24;color:#e7eaef;font:15px/1.4 monospace;width:max-content'
  return html`<body style="margin:0"><pre style="${style}"><span style="color:#a0aab7">$ kopia-metrics-agent status</span>
${pieces}</pre>`.text
}

async function captureStatus(browser: Browser, kopia: KopiaLab): Promise<void> {
  const page = await browser.newPage({ viewport: { width: 1400, height: 800 } })
  await page.setContent(terminalPage(await statusOutput(kopia)))
  await page.locator('pre').screenshot({ path: join(images, 'status.png') })
  await page.close()
}

const reportHistories: readonly SourceHistory[] = histories
  .filter(({ path }) => path !== '/srv/mail')
  .map((source) => ({ ...source, count: Math.ceil((10 * dayMs) / source.everyMs), agoMs: 5 * hourMs }))

/** Creates a month of an agent: one backup fails and recovers, and all are verified. Returns the report as HTML. */
async function createReport(folder: string): Promise<string> {
  const stateDirectory = join(folder, 'state')
  const kopia = await createKopiaLab(join(folder, 'kopia'), stateDirectory)
  await kopia.must('repository', 'set-client', '--username=root', '--hostname=nas')
  await kopia.must('policy', 'set', '--global', '--keep-latest=100', '--keep-hourly=0', '--keep-daily=0')
  const folders = new Map<string, string>()
  for (const source of reportHistories) {
    const at = await createFolder(join(folder, 'files'), { ...source, megabytes: source.megabytes / 100 })
    folders.set(source.path, at)
    await createGrowingSnapshots(kopia, source, at)
  }
  await mkdir(stateDirectory, { recursive: true })
  const begunAt = Date.now() / 1000 - (30 * dayMs) / 1000
  const ledger = {
    version: 2,
    begunAt,
    isPastRead: true,
    sources: {},
    repository: {},
    commands: {},
    runs: {},
  }
  await writeFile(join(stateDirectory, 'ledger.json'), JSON.stringify(ledger), { mode: 0o600 })
  const settings = { KOPIA_METRICS_INSTANCE: 'nas' }
  const agent = await startAgent({ stateDirectory, kopiaEnvironment: kopia.environment }, settings)
  cleanUp.push(() => agent.stop())
  const [, database] = reportHistories
  if (database === undefined) throw new Error('expected at least two sources')
  await failTwice(kopia, database, folders.get(database.path) ?? '', folder)
  await kopia.must('policy', 'set', `root@nas:${database.path}`, '--before-snapshot-root-action=')
  await kopia.must('snapshot', 'create', overrideSource(database), folders.get(database.path) ?? '')
  const environment = { ...kopia.environment, ...settings, KOPIA_METRICS_KOPIA_BIN: tool('kopia') }
  const command = async (...parameters: readonly string[]) => {
    const running = start('agent', process.execPath, [agentEntry, ...parameters], { environment })
    await running.ended
    return running.output()
  }
  await command('verify', '--percent=100', '--restore=0')
  return waitFor('the report has it all', async () => {
    const report = await command('report', '--format=html')
    return report.includes('2 failed and recovered') && report.includes('proved readable')
      ? report
      : undefined
  })
}

async function createGrowingSnapshots(kopia: KopiaLab, source: SourceHistory, folder: string): Promise<void> {
  const now = Date.now()
  for (let number = source.count - 1; number >= 0; number -= 1) {
    await truncate(join(folder, 'file-0'), (source.count - number) * source.files * 20_000)
    await createSnapshots(
      kopia,
      { ...source, count: 1, agoMs: source.agoMs + number * source.everyMs },
      folder,
      now,
    )
  }
}

async function captureReport(browser: Browser, report: string): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    const page = await browser.newPage({ viewport: { width: 680, height: 400 }, colorScheme })
    await page.setContent(report)
    await page.screenshot({ path: join(images, `report-${colorScheme}.png`), fullPage: true })
    await page.close()
  }
}

async function createPictures(folder: string, browser: Browser): Promise<void> {
  await captureReport(browser, await createReport(join(folder, 'report')))
  if (process.argv[2] === 'report') return
  const { kopia, agent } = await createMachine(join(folder, 'machine'))
  await capturePage(browser, agent)
  await captureStatus(browser, kopia)
}

const folder = await mkdtemp(join(tmpdir(), 'kopia-metrics-pictures-'))
cleanUp.push(() => rm(folder, { recursive: true, force: true }))
try {
  await mkdir(images, { recursive: true })
  await mkdir(join(folder, 'machine'))
  await mkdir(join(folder, 'report'))
  const browser = await launchBrowser()
  cleanUp.push(() => browser.close())
  await createPictures(folder, browser)
  process.stderr.write(`  ${images}\n`)
} finally {
  for (const task of cleanUp.reverse()) await task()
}
