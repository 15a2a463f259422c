// Where one gateway ends: 1,000 simulated agents of 20 sources each, what they push made by the agent's own code.

import { join } from 'node:path'
import { tool } from '../support/tools.ts'
import { type Bench, type BenchOptions, median, quantile, type Result, type Row } from './bench.ts'
import {
  type Check,
  fill,
  heartbeatsWithin,
  measurePushes,
  measureScrape,
  type Outcome,
  pushAsFleet,
  startGateway,
} from './fleet/gateway.ts'
import { measureHistory, scaledTo } from './fleet/history.ts'
import { defaultTimeoutMs, type Simulated, simulate, sourcesPerAgent } from './fleet/pictures.ts'
import { measurePrometheus } from './fleet/prometheus.ts'
import { peakMebibytes, withFolder } from './measure.ts'

const sizes = [16, 100, 300, 1000] as const
const gateways = { pushgateway: '1.5', 'pushgateway-1.11': '1.11' } as const
type Program = keyof typeof gateways

/** The words for a gateway's two modes, as in the flag. */
const modes = { checked: 'with the check', unchecked: 'without' } as const

/** How long a fleet that starts at once may try. */
const patienceSeconds = 120
/** Of the five minutes in which a fleet's heartbeats come. */
const windowSeconds = 60

async function simulateAll(count: number): Promise<readonly Simulated[]> {
  const now = Date.now() / 1000
  return Promise.all(Array.from({ length: count }, (_, number) => simulate(number, now)))
}

/** One push, and one scrape, by the number of agents that the gateway knows. */
async function measureSizes(folder: string, all: readonly Simulated[], program: Program): Promise<Row[]> {
  const rows: Row[] = []
  for (const size of sizes) {
    const agents = all.slice(0, size)
    const file = join(folder, `${program}-${size}`)
    for (const check of ['unchecked', 'checked'] as const) {
      const gateway = await startGateway(program, file, check)
      try {
        if (check === 'unchecked') await fill(gateway, agents)
        const { milliseconds, cpuMilliseconds } = await measurePushes(gateway, agents, 10)
        const what = `gateway ${gateways[program]}, ${size} agents, ${modes[check]}: a push`
        rows.push({ what, unit: 'ms', values: milliseconds })
        rows.push({ what: `${what}, CPU`, unit: 'CPU ms', values: [cpuMilliseconds] })
        if (check === 'checked') continue
        const { milliseconds: scrape, mebibytes, series } = await measureScrape(gateway)
        const held = `gateway ${gateways[program]}, ${size} agents`
        rows.push({ what: `${held}: series`, unit: '', values: [series] })
        rows.push({ what: `${held}: a scrape`, unit: 'ms', values: [scrape] })
        rows.push({ what: `${held}: a scrape's size`, unit: 'MiB', values: [mebibytes] })
        rows.push({ what: `${held}: memory`, unit: 'MiB', values: [peakMebibytes(gateway.child.pid ?? 0)] })
      } finally {
        await gateway.stop()
      }
    }
  }
  return rows
}

type Storm = { readonly agents: number; readonly check: Check; readonly timeoutMs: number }

const storms: readonly Storm[] = [
  { agents: 100, check: 'checked', timeoutMs: defaultTimeoutMs },
  { agents: 300, check: 'checked', timeoutMs: defaultTimeoutMs },
  { agents: 300, check: 'checked', timeoutMs: 60_000 },
  { agents: 100, check: 'unchecked', timeoutMs: defaultTimeoutMs },
  { agents: 300, check: 'unchecked', timeoutMs: defaultTimeoutMs },
  { agents: 1000, check: 'unchecked', timeoutMs: defaultTimeoutMs },
]

/** A power return: all machines push in the same moment, to a gateway that has them all from before. */
async function measureStorms(folder: string, all: readonly Simulated[]): Promise<Row[]> {
  const rows: Row[] = []
  for (const { agents, check, timeoutMs } of storms) {
    const outcome = await onFilled(folder, agents, check, (gateway) =>
      pushAsFleet(gateway, {
        agents: all.slice(0, agents),
        delaySeconds: () => 0,
        timeoutMs,
        patienceSeconds,
      }),
    )
    const what = `${agents} agents at once, ${modes[check]}, timeout ${timeoutMs / 1000} s`
    rows.push(...rowsOf(what, agents, outcome))
  }
  return rows
}

/** Heartbeats as they come: for a minute of the five. */
async function measureHeartbeats(folder: string, all: readonly Simulated[]): Promise<Row[]> {
  const rows: Row[] = []
  for (const [size, check] of [
    [300, 'checked'],
    [1000, 'checked'],
    [1000, 'unchecked'],
  ] as const) {
    const due = heartbeatsWithin(all.slice(0, size), windowSeconds)
    const outcome = await onFilled(folder, size, check, (gateway) =>
      pushAsFleet(gateway, { ...due, timeoutMs: defaultTimeoutMs, patienceSeconds: windowSeconds + 30 }),
    )
    rows.push(...rowsOf(`heartbeats of ${size} agents, ${modes[check]}`, due.agents.length, outcome))
  }
  return rows
}

function rowsOf(what: string, agents: number, { waits, allAfter, failures, cpuShare }: Outcome): Row[] {
  return [
    { what: `${what}: acknowledged`, unit: '%', values: [(100 * waits.length) / agents] },
    {
      what: `${what}: until the last was through`,
      unit: 's',
      values: [allAfter ?? Number.POSITIVE_INFINITY],
    },
    { what: `${what}: a push`, unit: 'ms', values: [0.5, 0.95, 1].map((of) => 1000 * quantile(waits, of)) },
    { what: `${what}: failed tries`, unit: '', values: [failures] },
    { what: `${what}: the gateway's CPU`, unit: '%', values: [100 * cpuShare] },
  ]
}

async function onFilled<T>(
  folder: string,
  size: number,
  check: Check,
  work: (gateway: Awaited<ReturnType<typeof startGateway>>) => Promise<T>,
): Promise<T> {
  const gateway = await startGateway('pushgateway', join(folder, `pushgateway-${size}`), check)
  try {
    return await work(gateway)
  } finally {
    await gateway.stop()
  }
}

/** One Prometheus behind all of them. */
async function measureWatching(folder: string, size: number): Promise<Row[]> {
  const cost = await onFilled(folder, size, 'unchecked', (gateway) =>
    measurePrometheus(join(folder, 'prometheus'), gateway),
  )
  const broken = cost.rules.filter(({ health }) => health !== 'ok')
  if (broken.length > 0) throw new Error(`rules failed: ${JSON.stringify(broken)}`)
  const what = `Prometheus, ${size} agents`
  return [
    { what: `${what}: series`, unit: '', values: [cost.series] },
    { what: `${what}: a scrape`, unit: 's', values: [cost.scrapeSeconds] },
    { what: `${what}: memory`, unit: 'MiB', values: [cost.peakMebibytes] },
    ...cost.groups.map(
      ({ name, seconds }): Row => ({ what: `${what}: group ${name}`, unit: 's', values: [seconds] }),
    ),
  ]
}

const historyAgents = 10

/** The rules with a month of history behind each source. */
async function measureRules(folder: string): Promise<Row[]> {
  const costs = await measureHistory(join(folder, 'history'), historyAgents)
  const sources = 1000 * sourcesPerAgent
  const scaled = costs.map(({ seconds }) => scaledTo(sources, historyAgents, seconds))
  const peaks = costs.map(({ peakSamples }) => scaledTo(1000, historyAgents, peakSamples))
  const largest = costs[peaks.indexOf(Math.max(...peaks))]
  return [
    {
      what: `all rules, a month of history, ${sources} sources`,
      unit: 's',
      values: [scaled.reduce((sum, one) => sum + one, 0)],
    },
    ...['KopiaBackupOverdue', 'KopiaBackupMassChange'].map(
      (name): Row => ({
        what: `${name}, a month of history, ${sources} sources`,
        unit: 's',
        values: [
          costs.reduce((sum, cost, index) => (cost.name === name ? sum + (scaled[index] ?? 0) : sum), 0),
        ],
      }),
    ),
    {
      what: `samples in memory per 1,000 sources, at most (${largest?.name})`,
      unit: 'samples',
      values: [Math.max(...peaks)],
    },
    {
      what: 'sources at which --query.max-samples (50 million) is reached',
      unit: '',
      values: [50e6 / (Math.max(...peaks) / 1000)],
    },
  ]
}

async function measure(folder: string, _options: BenchOptions): Promise<Result> {
  const all = await simulateAll(1000)
  for (const program of ['pushgateway', 'pushgateway-1.11'] as const) tool(program)
  const rows: Row[] = []
  rows.push(...(await measureSizes(folder, all, 'pushgateway')))
  rows.push(...(await measureSizes(folder, all, 'pushgateway-1.11')))
  rows.push(...(await measureStorms(folder, all)))
  rows.push(...(await measureHeartbeats(folder, all)))
  rows.push(...(await measureWatching(folder, 1000)))
  rows.push(...(await measureRules(folder)))
  const of = (what: string) => median(rows.find((row) => row.what === what)?.values ?? [])
  return {
    rows,
    verdicts: [
      {
        promise: '1,000 agents that start at once are all through, without the check',
        unit: 's',
        reached: of('1000 agents at once, without, timeout 10 s: until the last was through'),
        limit: 30,
        bound: 'at most',
      },
    ],
  }
}

export const fleet: Bench = {
  name: 'fleet',
  question: '1,000 agents of 20 sources against one Pushgateway and one Prometheus',
  run: (options) => withFolder((folder) => measure(folder, options)),
}
