// What one VictoriaMetrics bears into whose import all agents push, without a gateway.

import { execFileSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '../../support/processes.ts'
import { scrape } from '../../support/prometheus.ts'
import { readAlerts } from '../../support/rules.ts'
import { type Service, startService } from '../../support/stack.ts'
import { tool } from '../../support/tools.ts'
import { quantile, type Row } from '../bench.ts'
import { cpuSecondsWithChildren, millisecondsOf, peakMebibytes, residentMebibytes } from '../measure.ts'
import { type Clients, type FleetOutcome, startClients } from './clients.ts'

export const importPath = '/api/v1/import/prometheus'
/** The measured part of the five minutes over which heartbeats are spread. */
const windowSeconds = 60
/** How long the agents of a fleet that starts at once may retry. */
const patienceSeconds = 240

/**
 * A store holds the connection of a push that its agent has given up, for up to a minute (-insert.maxQueueDuration), in which an
 * agent tries five times and more. Without a free file descriptor VictoriaMetrics panics: seen with 10,000 agents and 20,000.
 */
const descriptorsPerAgent = 6

/** Starts a VictoriaMetrics with the flags of deploy/FLEET.md. */
export async function startStore(folder: string): Promise<Service> {
  return startService('victoria-metrics', await freePort(), '/health', (address) => [
    tool('victoria-metrics'),
    `-storageDataPath=${join(folder, 'data')}`,
    `-httpListenAddr=${address}`,
    '-retentionPeriod=13',
    '-search.minStalenessInterval=15m',
  ])
}

/** All figures of a fleet of this size, with a store of its own; yields those of each part as soon as it has them. */
export async function* measureImport(folder: string, agents: number): AsyncGenerator<readonly Row[]> {
  const clients = await startClients(agents)
  let store = await startStore(folder)
  try {
    yield await measureFill(folder, store, clients, agents)
    yield await measureHeartbeats(store, clients, agents)
    const canStorm = await hasDescriptors(store, agents)
    if (canStorm) yield await measureStorm(store, clients, `${agents} agents at once`)
    yield await measureAlerts(store, agents)
    yield [{ what: `${agents} agents: peak memory`, unit: 'MiB', values: [peakMebibytes(pidOf(store))] }]
    if (!canStorm) return
    await store.stop('SIGKILL')
    const startMs = await millisecondsOf(async () => {
      store = await startStore(folder)
    })
    yield [
      {
        what: `${agents} agents, the store was killed: until it is ready`,
        unit: 's',
        values: [startMs / 1000],
      },
      ...(await measureStorm(store, clients, `${agents} agents at once, the store was killed`)),
    ]
  } finally {
    clients.stop()
    await store.stop()
  }
}

async function hasDescriptors(store: Service, agents: number): Promise<boolean> {
  const limits = await readFile(`/proc/${pidOf(store)}/limits`, 'utf8')
  const descriptors = Number(/^Max open files +(\d+)/m.exec(limits)?.[1])
  const needed = agents * descriptorsPerAgent
  if (descriptors >= needed) return true
  process.stdout.write(
    `  ${agents} agents at once: left out, expected ${needed} open files (ulimit -n), found ${descriptors}\n`,
  )
  return false
}

/** The first push of each agent: the store creates the series. */
async function measureFill(
  folder: string,
  store: Service,
  clients: Clients,
  agents: number,
): Promise<readonly Row[]> {
  const { outcome, cpu } = await withCpu(store, () =>
    clients.run({ kind: 'fill', url: store.url + importPath }),
  )
  const what = `${agents} agents`
  return [
    { what: `${what}: series`, unit: '', values: [await activeSeries(store)] },
    ...cpuRows(`${what}: a first push`, outcome, cpu),
    pushRow(`${what}: a first push`, outcome),
    { what: `${what}: memory after the first push`, unit: 'MiB', values: [residentMebibytes(pidOf(store))] },
    { what: `${what}: disk after the first push`, unit: 'MiB', values: [diskMebibytes(folder)] },
  ]
}

/** Heartbeats as they usually arrive. */
async function measureHeartbeats(store: Service, clients: Clients, agents: number): Promise<readonly Row[]> {
  const { outcome, cpu } = await withCpu(store, () =>
    clients.run({ kind: 'heartbeats', url: store.url + importPath, windowSeconds }),
  )
  const what = `heartbeats of ${agents} agents`
  return [
    { what: `${what}: pushes in a second`, unit: '', values: [outcome.pushes / windowSeconds] },
    ...cpuRows(`${what}: a push`, outcome, cpu),
    { what: `${what}: the store's CPU`, unit: '%', values: [(100 * cpu) / windowSeconds] },
    ...outcomeRows(what, outcome),
    { what: `${what}: memory`, unit: 'MiB', values: [residentMebibytes(pidOf(store))] },
  ]
}

/** After a power failure all machines push at the same moment. */
async function measureStorm(store: Service, clients: Clients, what: string): Promise<readonly Row[]> {
  await clients.run({ kind: 'prepare', url: store.url + importPath })
  const { outcome, cpu } = await withCpu(store, () => clients.run({ kind: 'storm', patienceSeconds }))
  return [
    {
      what: `${what}: until the last was through`,
      unit: 's',
      values: outcome.allAfter === undefined ? [] : [outcome.allAfter],
    },
    ...outcomeRows(what, outcome),
    ...cpuRows(`${what}: a push`, outcome, cpu),
  ]
}

/** One evaluation of every alert, as vmalert asks for it. Throws if the store refuses one. */
async function measureAlerts(store: Service, agents: number): Promise<readonly Row[]> {
  const costs: { readonly name: string; readonly seconds: number; readonly cpu: number }[] = []
  for (const { alert, expr } of await readAlerts()) {
    const before = cpuOf(store)
    const milliseconds = await millisecondsOf(() => evaluate(store, alert, expr))
    costs.push({ name: alert, seconds: milliseconds / 1000, cpu: cpuOf(store) - before })
  }
  const [dearest] = costs.toSorted((one, other) => other.cpu - one.cpu)
  const sum = (of: 'seconds' | 'cpu') => costs.reduce((total, cost) => total + cost[of], 0)
  const what = `all alerts over ${agents} agents`
  return [
    { what: `${what}: an evaluation`, unit: 's', values: [sum('seconds')] },
    { what: `${what}: an evaluation, CPU`, unit: 'CPU s', values: [sum('cpu')] },
    {
      what: `${what}: the dearest, ${dearest?.name}, CPU`,
      unit: 'CPU s',
      values: [dearest?.cpu ?? Number.NaN],
    },
    { what: `${what}: memory`, unit: 'MiB', values: [residentMebibytes(pidOf(store))] },
  ]
}

async function evaluate(store: Service, alert: string, expr: string): Promise<void> {
  const body = new URLSearchParams({ query: expr, nocache: '1' })
  const response = await fetch(`${store.url}/api/v1/query`, { method: 'POST', body })
  if (!response.ok) throw new Error(`${alert}: ${response.status} ${await response.text()}`)
  await response.arrayBuffer()
}

type Measured = { readonly outcome: FleetOutcome; readonly cpu: number }

/** Includes what the store does afterwards with what it took: it writes and merges in the background. */
async function withCpu(store: Service, work: () => Promise<FleetOutcome>): Promise<Measured> {
  const before = cpuOf(store)
  const outcome = await work()
  for (let last = before, idle = 0; idle < 3; ) {
    await sleep(2000)
    const now = cpuOf(store)
    idle = now - last < 0.1 ? idle + 1 : 0
    last = now
  }
  return { outcome, cpu: cpuOf(store) - before }
}

function cpuRows(what: string, { pushes, clientCpuSeconds }: FleetOutcome, cpu: number): readonly Row[] {
  return [
    { what: `${what}, CPU`, unit: 'CPU ms', values: [(1000 * cpu) / pushes] },
    {
      what: `${what}, CPU of the simulated agent`,
      unit: 'CPU ms',
      values: [(1000 * clientCpuSeconds) / pushes],
    },
  ]
}

/** The median, 95 of 100, and the longest. */
function pushRow(what: string, { waits }: FleetOutcome): Row {
  return { what, unit: 'ms', values: [0.5, 0.95, 1].map((of) => 1000 * quantile(waits, of)) }
}

function outcomeRows(what: string, outcome: FleetOutcome): readonly Row[] {
  const { pushes, waits, failures, reasons } = outcome
  if (failures > 0) process.stdout.write(`  ${what}: ${JSON.stringify(reasons)}\n`)
  return [
    { what: `${what}: acknowledged`, unit: '%', values: [(100 * waits.length) / pushes] },
    pushRow(`${what}: a push`, outcome),
    { what: `${what}: failed tries`, unit: '', values: [failures] },
  ]
}

/** Series that got a sample within the last hour. */
async function activeSeries(store: Service): Promise<number> {
  const entries = (await scrape(store.url)).get('vm_cache_entries') ?? []
  const hour = entries.find(({ labels }) => labels.type === 'storage/hour_metric_ids')
  return hour?.value ?? Number.NaN
}

function diskMebibytes(folder: string): number {
  return Number(execFileSync('du', ['-sk', join(folder, 'data')], { encoding: 'utf8' }).split('\t')[0]) / 1024
}

function pidOf(store: Service): number {
  return store.child.pid ?? 0
}

function cpuOf(store: Service): number {
  return cpuSecondsWithChildren(pidOf(store))
}
