// How many agents one gateway bears: 1,000 simulated agents of 20 sources each push what the agent's own code writes.

import { join } from 'node:path'
import { tool } from '../support/tools.ts'
import { type Bench, median, type Result, type Row } from './bench.ts'
import { measureHistory, type PrometheusVersion } from './fleet/history.ts'
import { measurePrometheus } from './fleet/prometheus.ts'
import { measureHeartbeats, measureSizes, measureStorms, onFilled } from './fleet/push-rows.ts'
import { type Simulated, simulate, sourcesPerAgent } from './fleet/simulated-agent.ts'
import { withFolder } from './measure.ts'

function simulateAll(count: number): Promise<readonly Simulated[]> {
  const now = Date.now() / 1000
  return Promise.all(Array.from({ length: count }, (_, number) => simulate(number, now)))
}

/** One Prometheus that scrapes the gateway of all agents. */
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

const versionWords: Readonly<Record<PrometheusVersion, string>> = {
  prometheus: 'Prometheus 2.42',
  prometheus3: 'Prometheus 3',
}

/** The cost of one evaluation of the alerts over so many agents with their history. */
export async function measureRules(
  folder: string,
  agents: number,
  program: PrometheusVersion,
): Promise<readonly Row[]> {
  const costs = await measureHistory(join(folder, program), agents, program)
  const total = costs.reduce<readonly number[]>(
    (sums, { seconds }) => seconds.map((one, round) => one + (sums[round] ?? 0)),
    [],
  )
  const dearest = costs
    .toSorted((one, other) => median(other.seconds) - median(one.seconds))
    .slice(0, 3)
    .map(({ name, seconds }) => [name, seconds] as const)
  const [largest] = costs.toSorted((one, other) => other.peakSamples - one.peakSamples)
  return [
    ...[['all alerts', total] as const, ...dearest].map(
      ([name, values]): Row => ({
        what: `${versionWords[program]}: ${name}, ${agents * sourcesPerAgent} sources: an evaluation`,
        unit: 's',
        values,
      }),
    ),
    {
      what: `${versionWords[program]}: samples in memory (${largest?.name})`,
      unit: 'samples',
      values: [largest?.peakSamples ?? Number.NaN],
    },
  ]
}

async function measure(folder: string): Promise<Result> {
  const all = await simulateAll(1000)
  for (const program of ['pushgateway', 'pushgateway-1.11'] as const) tool(program)
  const rows: Row[] = []
  rows.push(...(await measureSizes(folder, all, 'pushgateway')))
  rows.push(...(await measureSizes(folder, all, 'pushgateway-1.11')))
  rows.push(...(await measureStorms(folder, all)))
  rows.push(...(await measureHeartbeats(folder, all)))
  rows.push(...(await measureWatching(folder, 1000)))
  rows.push(...(await measureRules(folder, 1000, 'prometheus')))
  rows.push(...(await measureRules(folder, 1000, 'prometheus3')))
  const of = (what: string) => median(rows.find((row) => row.what.startsWith(what))?.values ?? [])
  return {
    rows,
    verdicts: [
      {
        promise: '1,000 agents that start at once are all through, without the check',
        unit: 's',
        reached: of('1000 agents at once, without the check, timeout 10 s: until the last was through'),
        limit: 30,
        bound: 'at most',
      },
      {
        promise: 'all alert rules over 20,000 sources with a month of history, in Prometheus 3',
        unit: 's',
        reached: of('Prometheus 3: all alerts, 20000 sources'),
        limit: 3,
        bound: 'at most',
      },
      {
        promise: 'samples in memory',
        unit: 'samples',
        reached: of('Prometheus 3: samples in memory'),
        limit: 3e6,
        bound: 'at most',
      },
    ],
  }
}

export const fleet: Bench = {
  name: 'fleet',
  question: '1,000 agents of 20 sources against one Pushgateway and one Prometheus',
  run: () => withFolder(measure),
}
