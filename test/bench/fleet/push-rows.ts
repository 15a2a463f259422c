// The gateway's rows of the report: by number of agents, when all agents start at once, and with heartbeats only.

import { join } from 'node:path'
import type { Service } from '../../support/stack.ts'
import { quantile, type Row } from '../bench.ts'
import { cpuSeconds, peakMebibytes } from '../measure.ts'
import { type Check, fill, measurePushes, measureScrape, startGateway } from './gateway.ts'
import { heartbeatsWithin, type Outcome, type Pushing, pushAsFleet, pushOnce } from './pushing.ts'
import { defaultTimeoutMs, type Simulated } from './simulated-agent.ts'

const sizes = [16, 100, 300, 1000] as const
const gateways = { pushgateway: '1.5', 'pushgateway-1.11': '1.11' } as const
type Program = keyof typeof gateways

/** Words for the two modes of the consistency check. */
const modes = { checked: 'with the check', unchecked: 'without the check' } as const

/** How long the agents of a fleet that starts at once may retry. */
const patienceSeconds = 120
/** The measured part of the five minutes over which heartbeats are spread. */
const windowSeconds = 60

/** The cost of one push and one scrape, by the number of agents that the gateway knows. */
export async function measureSizes(
  folder: string,
  all: readonly Simulated[],
  program: Program,
): Promise<Row[]> {
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

/** After a power cut all machines push at the same moment, to a gateway that already knows them. */
export async function measureStorms(folder: string, all: readonly Simulated[]): Promise<Row[]> {
  const rows: Row[] = []
  for (const { agents, check, timeoutMs } of storms) {
    const outcome = await onFilled(folder, agents, check, (gateway) =>
      pushInto(gateway, timeoutMs, { agents: all.slice(0, agents), delaySeconds: () => 0, patienceSeconds }),
    )
    const what = `${agents} agents at once, ${modes[check]}, timeout ${timeoutMs / 1000} s`
    rows.push(...rowsOf(what, agents, outcome))
  }
  return rows
}

/** Heartbeats as they usually arrive, over one of the five minutes. */
export async function measureHeartbeats(folder: string, all: readonly Simulated[]): Promise<Row[]> {
  const rows: Row[] = []
  for (const [size, check] of [
    [300, 'checked'],
    [1000, 'checked'],
    [1000, 'unchecked'],
  ] as const) {
    const due = heartbeatsWithin(all.slice(0, size), windowSeconds)
    const outcome = await onFilled(folder, size, check, (gateway) =>
      pushInto(gateway, defaultTimeoutMs, { ...due, patienceSeconds: windowSeconds + 30 }),
    )
    rows.push(...rowsOf(`heartbeats of ${size} agents, ${modes[check]}`, due.agents.length, outcome))
  }
  return rows
}

/** `cpuShare` is the CPU time of the gateway, as a share of one core. */
type GatewayOutcome = Outcome & { readonly cpuShare: number }

async function pushInto(
  gateway: Service,
  timeoutMs: number,
  pushing: Omit<Pushing<Simulated>, 'pushOf'>,
): Promise<GatewayOutcome> {
  const used = () => cpuSeconds(gateway.child.pid ?? 0)
  const before = used()
  const outcome = await pushAsFleet({
    ...pushing,
    pushOf: (agent, signal) => pushOnce(gateway.url, agent, timeoutMs, signal),
  })
  return { ...outcome, cpuShare: (used() - before) / outcome.seconds }
}

function rowsOf(
  what: string,
  agents: number,
  { waits, allAfter, failures, cpuShare }: GatewayOutcome,
): Row[] {
  return [
    { what: `${what}: acknowledged`, unit: '%', values: [(100 * waits.length) / agents] },
    {
      what: `${what}: until the last was through`,
      unit: 's',
      values: allAfter === undefined ? [] : [allAfter],
    },
    { what: `${what}: a push`, unit: 'ms', values: [0.5, 0.95, 1].map((of) => 1000 * quantile(waits, of)) },
    { what: `${what}: failed tries`, unit: '', values: [failures] },
    { what: `${what}: the gateway's CPU`, unit: '%', values: [100 * cpuShare] },
  ]
}

/** Runs `work` with a gateway that `measureSizes` has filled before. */
export async function onFilled<T>(
  folder: string,
  size: number,
  check: Check,
  work: (gateway: Service) => Promise<T>,
): Promise<T> {
  const gateway = await startGateway('pushgateway', join(folder, `pushgateway-${size}`), check)
  try {
    return await work(gateway)
  } finally {
    await gateway.stop()
  }
}
