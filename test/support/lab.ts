// The parts of a test: Kopia with a repository, a gateway and the agent.

import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Cleanable, cleanUpAfter } from './cleanup.ts'
import { temporaryFolder } from './folder.ts'
import { createKopiaLab, hooks, type KopiaLab } from './kopia.ts'
import { type Series, scrape } from './prometheus.ts'
import { type Service, startAgent, startPushgateway } from './stack.ts'
import { waitFor } from './wait.ts'

// When the test runner stops this process, its `exit` handlers stop the processes that it has started.
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => process.exit(1))

export type Lab = {
  readonly folder: string
  readonly stateDirectory: string
  readonly spool: string
  readonly kopia: KopiaLab
  readonly gateway: Service
  /** Starts the agent with further settings. It is stopped after the test. */
  readonly startAgent: (settings?: NodeJS.ProcessEnv) => Promise<Service>
  /** Creates a folder that contains a file, and returns its path. */
  readonly makeSource: (name: string) => Promise<string>
}

const fileContent = 'worth keeping\n'.repeat(100)

/** The size of a source as `makeSource` creates it. */
export const sourceBytes = fileContent.length

/** Labs that are given the same log directory are repositories of one user, whose logs Kopia mixes. */
export async function createLab(context: Cleanable, logDirectory?: string): Promise<Lab> {
  const folder = await temporaryFolder(context)
  const stateDirectory = join(folder, 'state')
  const spool = join(stateDirectory, 'spool')
  const gateway = await startPushgateway()
  cleanUpAfter(context, () => gateway.stop())
  const kopia = await createKopiaLab(join(folder, 'kopia'), stateDirectory, logDirectory)
  return {
    folder,
    stateDirectory,
    spool,
    kopia,
    gateway,
    startAgent: async (settings = {}) => {
      const folders = { stateDirectory, kopiaEnvironment: kopia.environment }
      const agent = await startAgent(folders, { KOPIA_METRICS_PUSHGATEWAY_URL: gateway.url, ...settings })
      cleanUpAfter(context, () => agent.stop())
      return agent
    },
    makeSource: async (name) => {
      const path = join(folder, 'sources', name)
      await mkdir(path, { recursive: true })
      await writeFile(join(path, 'file'), fileContent)
      return path
    },
  }
}

/** Sets both hooks in the policy of a source, as a user does. */
export async function installHooks(kopia: KopiaLab, path: string): Promise<void> {
  const actions = [
    `--before-snapshot-root-action=${hooks.before}`,
    `--after-snapshot-root-action=${hooks.after}`,
  ]
  await kopia.must('policy', 'set', path, '--action-command-mode=optional', ...actions)
}

/** Makes every backup of the source fail by a before-action, and resolves with the path of its script. */
export async function breakAction(lab: Lab, path: string): Promise<string> {
  const script = join(lab.folder, 'failing-action.sh')
  await writeFile(script, '#!/bin/sh\nexit 3\n', { mode: 0o755 })
  await lab.kopia.must('policy', 'set', path, `--before-snapshot-root-action=${script}`)
  return script
}

/** The metrics of one source. */
export type SourceFigures = {
  readonly status: number | undefined
  /** The status labels of the duration. More than one is a fault. */
  readonly durations: readonly string[]
  readonly durationSeconds: number | undefined
  readonly attempts: Readonly<Record<string, number>>
  readonly sizeBytes: number | undefined
  readonly lastSuccessAt: number | undefined
  readonly lastAttemptAt: number | undefined
  readonly runningSince: number | undefined
  readonly errors: Readonly<Record<string, number>>
  readonly snapshots: Readonly<Record<string, number>>
}

/** Reads the figures of a source from a gateway or an agent. They are empty if the source is unknown there. */
export async function figuresOf(service: Service, path: string): Promise<SourceFigures> {
  return figuresIn(await scrape(service.url), path)
}

/** The figures of a source once they are on the gateway: an agent is ready a moment before its first push has arrived. */
export async function knownFiguresOf(gateway: Service, path: string): Promise<SourceFigures> {
  return await waitFor(`the figures of ${path} are on the gateway`, async () => {
    const figures = await figuresOf(gateway, path)
    return figures.status === undefined ? undefined : figures
  })
}

export function figuresIn(all: ReadonlyMap<string, readonly Series[]>, path: string): SourceFigures {
  const of = (name: string): readonly Series[] =>
    (all.get(name) ?? []).filter(({ labels }) => labels.path === path)
  const byLabel = (name: string, label: string) =>
    Object.fromEntries(of(name).map(({ labels, value }) => [labels[label] ?? '', value]))
  return {
    status: of('kopia_backup_status')[0]?.value,
    durations: of('kopia_backup_duration_seconds').map(({ labels }) => labels.status ?? ''),
    durationSeconds: of('kopia_backup_duration_seconds')[0]?.value,
    attempts: byLabel('kopia_backup_attempts_total', 'status'),
    sizeBytes: of('kopia_backup_size_bytes')[0]?.value,
    lastSuccessAt: of('kopia_backup_last_success_timestamp_seconds')[0]?.value,
    lastAttemptAt: of('kopia_backup_last_attempt_timestamp_seconds')[0]?.value,
    runningSince: of('kopia_backup_running_since_timestamp_seconds')[0]?.value,
    errors: byLabel('kopia_backup_errors', 'kind'),
    snapshots: byLabel('kopia_snapshot_count', 'type'),
  }
}

/** Waits until `count` attempts of the source are counted, and resolves with the figures of that moment. */
export async function figuresAfter(service: Service, path: string, count: number): Promise<SourceFigures> {
  return waitFor(`${count} attempts of ${path} are counted`, async () => {
    const figures = await figuresOf(service, path)
    const counted = Object.values(figures.attempts).reduce((sum, attempts) => sum + attempts, 0)
    return counted >= count ? figures : undefined
  })
}
