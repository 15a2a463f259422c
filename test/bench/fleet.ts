// How many agents one gateway bears: 1,000 simulated agents of 20 sources each push what the agent's own code writes.

import { join } from 'node:path'
import { tool } from '../support/tools.ts'
import { type Bench, median, type Result, type Row } from './bench.ts'
import { measureHistory, scaledTo } from './fleet/history.ts'
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

const historyAgents = 10

/** The cost of the rules with a month of history per source. */
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

async function measure(folder: string): Promise<Result> {
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
        reached: of('1000 agents at once, without the check, timeout 10 s: until the last was through'),
        limit: 30,
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
