// What each rule costs with a month of history per source, measured with a few agents and scaled up to a fleet.

import { execFileSync } from 'node:child_process'
import { createWriteStream } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { definitions, type Metric } from '../../../agent/metrics/definitions.ts'
import { piecesOf } from '../../support/pieces.ts'
import { freePort } from '../../support/processes.ts'
import { parseExposition, type Series } from '../../support/prometheus.ts'
import { namesIn } from '../../support/promql.ts'
import { readRules } from '../../support/rules.ts'
import { type Service, startService } from '../../support/stack.ts'
import { tool } from '../../support/tools.ts'
import { instanceOf, registryAt, sourcesPerAgent } from './simulated-agent.ts'

const day = 86_400
/** A little more than the longest range in a rule. */
const historyDays = 31
/** Rules use subqueries with a step of 15 minutes up to a week, and of an hour beyond. */
const recentDays = 8

export type HistoryCost = {
  readonly name: string
  /** As Prometheus reports it. */
  readonly seconds: number
  /** Samples in memory at the same time; --query.max-samples limits them. */
  readonly peakSamples: number
}

/** Evaluates each rule twice over `agents` agents with a month of history, and returns the second evaluation. */
export async function measureHistory(folder: string, agents: number): Promise<readonly HistoryCost[]> {
  const now = Math.floor(Date.now() / 1000 / 3600) * 3600
  const rules = [...(await readRules('kopia_alerts.yml')), ...(await readRules('kopia_recording.yml'))]
  const named = new Set(rules.flatMap(({ expr }) => namesIn(expr).selections.map(({ metric }) => metric)))
  const metrics = Object.entries<Metric>(definitions).filter(([name]) => named.has(name))
  await mkdir(folder, { recursive: true })
  const file = join(folder, 'history.om')
  await pipeline(Readable.from(openMetrics(metrics, agents, now)), createWriteStream(file))
  const prometheus = await startOver(folder, file)
  try {
    const costs: HistoryCost[] = []
    for (const { alert, record, expr } of rules) {
      const name = alert ?? record ?? ''
      await evaluate(prometheus, name, expr, now)
      costs.push(await evaluate(prometheus, name, expr, now))
    }
    return costs
  } finally {
    await prometheus.stop()
  }
}

/** Starts a Prometheus that holds what an OpenMetrics file holds. */
async function startOver(folder: string, file: string): Promise<Service> {
  const data = join(folder, 'data')
  execFileSync(tool('promtool'), [
    'tsdb',
    'create-blocks-from',
    'openmetrics',
    '--max-block-duration=744h',
    '--quiet',
    file,
    data,
  ])
  await writeFile(join(folder, 'prometheus.yml'), 'global: {}\n')
  return startService('prometheus', await freePort(), '/-/ready', (address) => [
    tool('prometheus'),
    `--config.file=${join(folder, 'prometheus.yml')}`,
    `--storage.tsdb.path=${data}`,
    '--storage.tsdb.retention.time=100d',
    `--web.listen-address=${address}`,
  ])
}

async function evaluate(
  prometheus: Service,
  name: string,
  expression: string,
  time: number,
): Promise<HistoryCost> {
  const body = new URLSearchParams({ query: expression, time: String(time), stats: 'all' })
  const response = await fetch(`${prometheus.url}/api/v1/query`, { method: 'POST', body })
  const answer = JSON.parse(await response.text())
  if (answer.status !== 'success') throw new Error(`${name}: ${answer.error}`)
  const { timings, samples } = answer.data.stats
  return { name, seconds: timings.evalTotalTime, peakSamples: samples.peakSamples }
}

/** Metric by metric, series by series, each in time order, as OpenMetrics requires; a whole day has the values of its end. */
async function* openMetrics(
  metrics: readonly (readonly [string, Metric])[],
  agents: number,
  now: number,
): AsyncGenerator<string> {
  const days = Array.from({ length: historyDays }, (_, index) => now - (historyDays - 1 - index) * day)
  const fleet = await Promise.all(
    Array.from({ length: agents }, async (_, number) => ({
      instance: instanceOf(number),
      days: await Promise.all(days.map(async (at) => ({ at, series: await seriesAt(number, at) }))),
    })),
  )
  for (const [name, { type }] of metrics) {
    yield `# TYPE ${name.replace(/_total$/, '')} ${type}\n`
    for (const agent of fleet) {
      for (const [labels, values] of valuesByLabels(name, agent.days)) {
        yield linesOf(`${name}{job="kopia",instance="${agent.instance}"${labels}}`, values, now)
      }
    }
  }
  yield '# TYPE push_time_seconds gauge\n'
  for (const { instance } of fleet) {
    yield linesOf(
      `push_time_seconds{job="kopia",instance="${instance}"}`,
      days.map((at) => [at, at]),
      now,
    )
  }
  yield '# EOF\n'
}

type SeriesByName = ReadonlyMap<string, readonly Series[]>
type Values = readonly (readonly [at: number, value: number])[]

async function seriesAt(number: number, at: number): Promise<SeriesByName> {
  return parseExposition((await piecesOf(registryAt(number, at).text())).join(''))
}

/** The series of one metric of one agent: their labels as text, and their values over the days. */
function valuesByLabels(
  name: string,
  days: readonly { readonly at: number; readonly series: SeriesByName }[],
): ReadonlyMap<string, Values> {
  const all = days.flatMap(({ at, series }) =>
    (series.get(name) ?? []).map(({ labels, value }) => {
      const text = Object.entries(labels).map(([label, content]) => `,${label}="${content}"`)
      return { key: text.join(''), at, value }
    }),
  )
  const byKey = Map.groupBy(all, ({ key }) => key)
  return new Map([...byKey].map(([key, list]) => [key, list.map(({ at, value }) => [at, value] as const)]))
}

function linesOf(series: string, values: Values, now: number): string {
  const recentFrom = now - recentDays * day
  const lines = values.flatMap(([at, value]) => {
    const spacing = at > recentFrom ? 900 : 3600
    return Array.from(
      { length: day / spacing },
      (_, index) => `${series} ${value} ${at - day + (index + 1) * spacing}`,
    )
  })
  return `${lines.join('\n')}\n`
}

/** Scales a figure of `agents` agents in proportion to so many sources. */
export function scaledTo(sources: number, agents: number, figure: number): number {
  return (figure * sources) / (agents * sourcesPerAgent)
}
