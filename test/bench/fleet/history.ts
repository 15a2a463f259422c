// What each rule takes where weeks of history lie behind every source: by a few agents, and in proportion for a fleet.

import { execFileSync } from 'node:child_process'
import { createWriteStream } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { definitions, type Metric, type MetricName } from '../../../agent/metrics/definitions.ts'
import { freePort } from '../../support/processes.ts'
import { namesIn } from '../../support/promql.ts'
import { readRules } from '../../support/rules.ts'
import { samplesIn } from '../../support/samples.ts'
import { startService } from '../../support/stack.ts'
import { tool } from '../../support/tools.ts'
import { instanceOf, samplesAt, sourcesPerAgent } from './pictures.ts'

const day = 86_400
/** A little more than the longest range of a rule. */
const historyDays = 31
/** Subqueries of a week take a step of 15 minutes, longer ones one of an hour. */
const recentDays = 8

export type HistoryCost = {
  readonly name: string
  /** As Prometheus says of its own work. */
  readonly seconds: number
  /** Samples that are in memory at one time; what --query.max-samples limits. */
  readonly peakSamples: number
}

/** Evaluates each rule once over `agents` agents with a month of history; the second time of two. */
export async function measureHistory(folder: string, agents: number): Promise<readonly HistoryCost[]> {
  const now = Math.floor(Date.now() / 1000 / 3600) * 3600
  const rules = [...(await readRules('kopia_alerts.yml')), ...(await readRules('kopia_recording.yml'))]
  const named = new Set(rules.flatMap(({ expr }) => namesIn(expr).selections.map(({ metric }) => metric)))
  const metrics = Object.entries<Metric>(definitions).filter(([name]) => named.has(name))
  await mkdir(folder, { recursive: true })
  const file = join(folder, 'history.om')
  await pipeline(Readable.from(openMetrics(metrics, agents, now)), createWriteStream(file))
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
  const prometheus = await startService('prometheus', await freePort(), '/-/ready', (address) => [
    tool('prometheus'),
    `--config.file=${join(folder, 'prometheus.yml')}`,
    `--storage.tsdb.path=${data}`,
    '--storage.tsdb.retention.time=100d',
    `--web.listen-address=${address}`,
  ])
  try {
    const costs: HistoryCost[] = []
    for (const { alert, record, expr } of rules) {
      const ask = async () => {
        const body = new URLSearchParams({ query: expr, time: String(now), stats: 'all' })
        const response = await fetch(`${prometheus.url}/api/v1/query`, { method: 'POST', body })
        const answer = JSON.parse(await response.text())
        if (answer.status !== 'success') throw new Error(`${alert ?? record}: ${answer.error}`)
        const { timings, samples } = answer.data.stats
        return {
          name: alert ?? record ?? '',
          seconds: timings.evalTotalTime,
          peakSamples: samples.peakSamples,
        }
      }
      await ask()
      costs.push(await ask())
    }
    return costs
  } finally {
    await prometheus.stop()
  }
}

/** Metric by metric, series by series, each in time order, as OpenMetrics wants it; a day is as its end was. */
function* openMetrics(
  metrics: readonly (readonly [string, Metric])[],
  agents: number,
  now: number,
): Generator<string> {
  const days = Array.from({ length: historyDays }, (_, index) => now - (historyDays - 1 - index) * day)
  for (const [name, { type }] of metrics) {
    yield `# TYPE ${name.replace(/_total$/, '')} ${type}\n`
    for (let number = 0; number < agents; number += 1) {
      for (const [labels, values] of seriesOf(name, number, days)) {
        yield linesOf(`${name}{job="kopia",instance="${instanceOf(number)}"${labels}}`, values, now)
      }
    }
  }
  yield '# TYPE push_time_seconds gauge\n'
  for (let number = 0; number < agents; number += 1) {
    yield linesOf(
      `push_time_seconds{job="kopia",instance="${instanceOf(number)}"}`,
      days.map((at) => [at, at]),
      now,
    )
  }
  yield '# EOF\n'
}

type Values = readonly (readonly [at: number, value: number])[]

function seriesOf(name: string, number: number, days: readonly number[]): ReadonlyMap<string, Values> {
  const all = days.flatMap((at) =>
    (pictures(number, at).get(name as MetricName) ?? []).flatMap(samplesIn).map(({ labels, value }) => {
      const text = Object.entries(labels).map(([label, content]) => `,${label}="${content}"`)
      return { key: text.join(''), at, value }
    }),
  )
  const byKey = Map.groupBy(all, ({ key }) => key)
  return new Map([...byKey].map(([key, list]) => [key, list.map(({ at, value }) => [at, value] as const)]))
}

const made = new Map<string, ReturnType<typeof byName>>()

function pictures(number: number, at: number): ReturnType<typeof byName> {
  const key = `${number} ${at}`
  const known = made.get(key) ?? byName(number, at)
  made.set(key, known)
  return known
}

function byName(number: number, at: number) {
  return Map.groupBy([...samplesAt(number, at)], ({ name }) => name)
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

/** In proportion: what a rule takes for so many sources. */
export function scaledTo(sources: number, agents: number, figure: number): number {
  return (figure * sources) / (agents * sourcesPerAgent)
}
