// Simulated agents: the ledger of each is invented, and the agent's own code makes the metrics text of it.

import { formatSource, type Source } from '../../../agent/kopia/source.ts'
import { createLedger, emptyLedger, type Ledger } from '../../../agent/ledger/ledger.ts'
import type { AgentFacts } from '../../../agent/metrics/agent-metrics.ts'
import { createMetricsRegistry, type MetricsRegistry } from '../../../agent/metrics/registry.ts'
import type { GatewayOptions } from '../../../agent/push/pushgateway.ts'
import { parseDurationMs } from '../../../agent/settings/formats.ts'
import { toPushTarget } from '../../../agent/settings/push-target.ts'
import { declarations } from '../../../agent/settings/schema.ts'
import { defaultLimitSettings } from '../../support/limits.ts'
import { piecesOf } from '../../support/pieces.ts'
import { askedAt, makeSnapshot } from '../../support/snapshots.ts'

export const sourcesPerAgent = 20
const day = 86_400
/** The repository of one agent in so many is on a file system, whose space the agent reports. */
const fileSystemEvery = 10
/** What retention keeps of daily backups after some weeks, in days. */
const agesHeld = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 21, 28, 56]

/** An agent that only pushes; its metrics text does not change. */
export type Simulated = { readonly instance: string; readonly metricsText: readonly string[] }

/** The instance of an agent of this number. */
export function instanceOf(number: number): string {
  return `server-${String(number).padStart(4, '0')}`
}

/** An agent whose sources were all backed up within the last day. */
export async function simulate(
  number: number,
  nowSeconds: number,
  keptBy: AgentFacts['keptBy'] = 'gateway',
): Promise<Simulated> {
  return {
    instance: instanceOf(number),
    metricsText: await piecesOf(registryAt(number, nowSeconds, keptBy).text()),
  }
}

/** What an agent serves at a moment. Each source is backed up daily, at a time of its own; the last one is under way. */
export function registryAt(
  number: number,
  nowSeconds: number,
  keptBy: AgentFacts['keptBy'] = 'gateway',
): MetricsRegistry {
  const ledger = ledgerAt(number, nowSeconds)
  const registry = createMetricsRegistry({
    ledger,
    runningSince: () => new Map([[formatSource(sourceOf(number, sourcesPerAgent - 1)), nowSeconds - 60]]),
    limits: defaultLimitSettings,
    nowSeconds: () => nowSeconds,
    agent: () => ({
      version: 'simulated',
      alwaysOn: true,
      heartbeatSeconds: 300,
      keptBy,
      repositoryReachable: true,
      repositoryChanged: false,
      processesVisible: true,
    }),
  })
  registry.countKopiaCall('snapshot list', 'success')
  return registry
}

function ledgerAt(number: number, nowSeconds: number): Ledger {
  const ledger = createLedger({ ...emptyLedger, begunAt: nowSeconds - 60 * day })
  ledger.updateRepository({
    policies: [{ target: '', intervalSeconds: day, minutesOfDay: [], cron: [], isManual: false }],
    status: {
      repositoryId: `${number}`.padStart(64, 'a'),
      user: 'root',
      host: instanceOf(number),
      areActionsEnabled: true,
      ...(number % fileSystemEvery === 0
        ? { storageType: 'filesystem', capacityBytes: 4e12, availableBytes: 1e12 }
        : { storageType: 's3' }),
    },
    maintenance: {
      quick: { lastSuccessAt: nowSeconds - 3600, nextAt: nowSeconds + 3600 },
      full: { lastSuccessAt: nowSeconds - 3600, nextAt: nowSeconds + day },
    },
    blobs: { count: 40_000, sizeBytes: 800e9 },
    contentsBytes: 900e9,
  })
  ledger.addCommand('snapshot create', nowSeconds - 60)
  ledger.addCommand('maintenance run', nowSeconds - 3600)
  for (let index = 0; index < sourcesPerAgent; index += 1) addSource(ledger, number, index, nowSeconds)
  return ledger
}

function sourceOf(number: number, index: number): Source {
  return { user: 'root', host: instanceOf(number), path: `/srv/data/share-${index}` }
}

function addSource(ledger: Ledger, number: number, index: number, nowSeconds: number): void {
  const source = sourceOf(number, index)
  const today = Math.floor(nowSeconds / day) * day
  const timeOfDay = (index * 3600 + number * 7) % day
  const newest = today + timeOfDay <= nowSeconds ? today + timeOfDay : today + timeOfDay - day
  const held = agesHeld.map((age) => snapshotAt(source, index, newest - age * day))
  ledger.addSource(source, nowSeconds - 60 * day)
  ledger.addSnapshots(source, held.toReversed(), askedAt(newest + 1))
}

function snapshotAt(source: Source, index: number, endedAt: number) {
  const dayNumber = Math.floor(endedAt / day)
  const wave = 1 + Math.sin(index * 1.7 + dayNumber) / 20
  return makeSnapshot({
    id: `${source.host}-${index}-${dayNumber}`,
    source,
    startedAt: endedAt - 60 * (1 + (index % 7)) * wave,
    endedAt,
    sizeBytes: Math.round(40e9 * wave),
    files: Math.round(100_000 * wave),
    directories: 4000,
    changedFiles: Math.round(300 * wave),
    retentionReasons: ['daily-1'],
  })
}

/** The agent's default time limit of a push. */
export const defaultTimeoutMs = parseDurationMs(declarations.pushgateway_timeout.default)

/** The gateway of an agent, with the agent's default settings. */
export function gatewayOptions(url: string, instance: string, timeoutMs: number): GatewayOptions {
  return {
    url,
    target: toPushTarget({ push_target: 'auto', pushgateway_url: url, prometheus_url: '' }),
    job: declarations.job.default,
    instance,
    grouping: {},
    timeoutMs,
    credentials: { kind: 'none' },
    tls: {},
  }
}
