// `npm run demo` runs the whole real stack on this machine in a temporary folder: from a failed backup to an alert, then from
// a damaged repository to an alert.
// With --once it prints the results and exits; the exit code says whether they are correct.

import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { CommandResult } from '../test/support/agent-command.ts'
import { createKopiaLab, hooks, type KopiaLab } from '../test/support/kopia.ts'
import { type Running, start } from '../test/support/processes.ts'
import { query, scrape } from '../test/support/prometheus.ts'
import {
  agentEntry,
  type Service,
  startAgent,
  startNodeExporter,
  startPrometheus,
  startPushgateway,
} from '../test/support/stack.ts'
import { tool } from '../test/support/tools.ts'
import { waitFor } from '../test/support/wait.ts'
import { isFiring } from './alerts.ts'
import { showVerification } from './verification.ts'

/** Divides the times of the alert rules: the alert would wait five minutes otherwise. */
const speed = 60

type Demo = {
  readonly kopia: KopiaLab
  readonly agent: Service
  readonly gateway: Service
  readonly prometheus: Service
  readonly sources: Sources
}
type Sources = { readonly good: string; readonly bad: string }

const running: Running[] = []
const folder = await mkdtemp(join(tmpdir(), 'kopia-metrics-demo-'))
const stateDirectory = join(folder, 'state')
let cleaned: Promise<void> | undefined
/** What writes into the folder, or starts a service. */
let lastStep: Promise<unknown> = Promise.resolve()

function progress(message: string): void {
  process.stderr.write(`  ${message}\n`)
}

/** Does something that has to be complete before it can be removed. Rejects where the demo has been ended. */
function doStep<T>(step: () => Promise<T>): Promise<T> {
  if (cleaned !== undefined) return Promise.reject(new Error('The demo was ended.'))
  const begun = step()
  lastStep = begun
  return begun
}

function begin(startService: () => Promise<Service>): Promise<Service> {
  return doStep(async () => {
    const started = await startService()
    running.push(started)
    progress(`${started.name.padEnd(14)} ${started.url}`)
    return started
  })
}

function cleanUp(): Promise<void> {
  cleaned ??= (async () => {
    await lastStep.catch(() => undefined)
    await Promise.all(running.map((service) => service.stop()))
    await rm(folder, { recursive: true, force: true })
  })()
  return cleaned
}

async function startDemo(): Promise<Demo> {
  progress('Starting Pushgateway, node-exporter and Prometheus …')
  const gateway = await begin(() => startPushgateway())
  const nodeExporter = await begin(() => startNodeExporter())
  const prometheus = await begin(() =>
    startPrometheus(join(folder, 'prometheus'), { gateway, nodeExporter }, speed),
  )
  progress('Creating a Kopia repository …')
  const kopia = await doStep(() => createKopiaLab(join(folder, 'kopia'), stateDirectory))
  const folders = { stateDirectory, kopiaEnvironment: kopia.environment }
  const agent = await begin(() =>
    startAgent(folders, {
      KOPIA_METRICS_PUSHGATEWAY_URL: gateway.url,
      // Every five minutes otherwise. Then the agent takes what `verify` has found, and pushes it.
      KOPIA_METRICS_REFRESH_SCHEDULE: '*/5 * * * * *',
    }),
  )
  const sources = await doStep(() => createSources(kopia))
  progress(`Backing up ${sources.good} …`)
  await doStep(() => kopia.run('snapshot', 'create', sources.good))
  progress(`Backing up ${sources.bad}, whose before-action fails …`)
  await doStep(() => kopia.run('snapshot', 'create', sources.bad))
  return { kopia, agent, gateway, prometheus, sources }
}

async function createSources(kopia: KopiaLab): Promise<Sources> {
  const sources = { good: join(folder, 'photos'), bad: join(folder, 'database') }
  for (const path of Object.values(sources)) {
    await mkdir(path)
    await writeFile(join(path, 'file'), 'worth keeping\n'.repeat(10_000))
  }
  progress('Installing the hooks …')
  const mode = '--action-command-mode=optional'
  await kopia.must('policy', 'set', '--global', mode, `--after-snapshot-root-action=${hooks.after}`)
  await kopia.must('policy', 'set', sources.good, mode, `--before-snapshot-root-action=${hooks.before}`)
  const dump = join(folder, 'dump-database.sh')
  await writeFile(dump, '#!/bin/sh\necho "the database is down" >&2\nexit 3\n')
  await chmod(dump, 0o755)
  await kopia.must('policy', 'set', sources.bad, `--before-snapshot-root-action=${dump}`)
  return sources
}

async function statusOf({ prometheus }: Demo, path: string): Promise<number | undefined> {
  const [series] = await query(prometheus.url, `kopia_backup_status{path="${path}"}`)
  return series?.value
}

function hasFailedAlert({ prometheus, sources }: Demo): Promise<boolean> {
  return isFiring(prometheus.url, 'KopiaBackupFailed', sources.bad)
}

/** Waits until Prometheus has both sources and the alert fires. Rejects if that does not happen in time. */
async function awaitAlert(demo: Demo): Promise<void> {
  progress('Waiting for Prometheus to scrape both sources …')
  await waitFor('both sources arrive in Prometheus', async () => {
    const statuses = [await statusOf(demo, demo.sources.good), await statusOf(demo, demo.sources.bad)]
    return statuses.includes(undefined) ? undefined : statuses
  })
  progress(`Waiting for KopiaBackupFailed to fire (5 minutes, ${speed} times as fast) …`)
  await waitFor('KopiaBackupFailed fires', async () => (await hasFailedAlert(demo)) || undefined)
}

async function print(demo: Demo): Promise<void> {
  const metrics = await scrape(demo.gateway.url)
  const figure = (name: string, path: string) =>
    metrics.get(name)?.find(({ labels }) => labels.path === path)?.value
  const rows = [demo.sources.good, demo.sources.bad].map((path) => [
    path,
    figure('kopia_backup_status', path) === 1 ? 'good' : 'FAILED',
    `${figure('kopia_backup_duration_seconds', path)?.toFixed(3) ?? '–'} s`,
    `${figure('kopia_backup_size_bytes', path) ?? '–'}`,
  ])
  const table = [['source', 'last backup', 'duration', 'bytes'], ...rows]
  const width = Math.max(...table.map(([path = '']) => path.length)) + 2
  const lines = table.map(
    ([path = '', ...cells]) => path.padEnd(width) + cells.map((cell) => cell.padEnd(13)).join(''),
  )
  const alert = (await hasFailedAlert(demo)) ? `firing for ${demo.sources.bad}` : 'not firing'
  process.stdout.write(`
${lines.join('\n')}

KopiaBackupFailed: ${alert}
`)
}

function printAddresses({ prometheus, gateway, agent }: Demo): void {
  process.stdout.write(`
Prometheus     ${prometheus.url}/alerts
Pushgateway    ${gateway.url}
agent          ${agent.url}/metrics
`)
}

/** Runs a command of the agent beside the agent that runs. */
async function runAgent({ kopia }: Demo, parameters: readonly string[]): Promise<CommandResult> {
  if (cleaned !== undefined) throw new Error('The demo was ended.')
  const environment = {
    ...kopia.environment,
    KOPIA_METRICS_KOPIA_BIN: tool('kopia'),
    KOPIA_METRICS_STATE_DIR: stateDirectory,
  }
  const command = start('agent', process.execPath, [agentEntry, ...parameters], { environment })
  running.push(command)
  return { exitCode: await command.ended, output: command.output() }
}

function showVerificationOf(demo: Demo): Promise<boolean> {
  return showVerification({
    kopia: demo.kopia,
    repository: join(folder, 'kopia', 'repository'),
    good: demo.sources.good,
    damaged: join(folder, 'letters'),
    prometheusUrl: demo.prometheus.url,
    runAgent: (...parameters) => runAgent(demo, parameters),
    doStep,
    progress,
  })
}

async function isCorrect(demo: Demo): Promise<boolean> {
  const [good, bad] = [await statusOf(demo, demo.sources.good), await statusOf(demo, demo.sources.bad)]
  return good === 1 && bad === 0 && (await hasFailedAlert(demo))
}

for (const [signal, exitCode] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const) {
  process.once(signal, () => {
    progress('Stopping …')
    cleanUp().finally(() => process.exit(exitCode))
  })
}

try {
  const demo = await startDemo()
  await awaitAlert(demo)
  await print(demo)
  const isVerificationCorrect = await showVerificationOf(demo)
  printAddresses(demo)
  if (process.argv.includes('--once')) {
    process.exitCode = isVerificationCorrect && (await isCorrect(demo)) ? 0 : 1
  } else {
    process.stdout.write('\nCtrl-C ends it and removes everything.\n')
    await new Promise(() => setInterval(() => undefined, 60_000))
  }
} catch (error) {
  if (cleaned === undefined) {
    process.stderr.write(`demo: ${error instanceof Error ? error.message : error}\n`)
    process.exitCode = 1
  }
} finally {
  await cleanUp()
}
