// What each alert costs over a whole fleet with its history, in a real Prometheus.

import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { piecesOf } from '../../support/pieces.ts'
import { freePort } from '../../support/processes.ts'
import { parseExposition, scrape } from '../../support/prometheus.ts'
import { lookbacksIn } from '../../support/promql.ts'
import { readAlerts } from '../../support/rules.ts'
import { type Service, startService } from '../../support/stack.ts'
import { tool } from '../../support/tools.ts'
import { heartbeatSeconds } from './pushing.ts'
import { type Encoded, encodeSeries, type Labels, remoteWrite, type ValueAt } from './remote-write.ts'
import { instanceOf, registryAt } from './simulated-agent.ts'

const minute = 60
const hour = 3600
/** A rule reads the newest sample of five minutes where it names no range. */
const shortestSeconds = 5 * minute
/** The scrape interval of a large fleet (deploy/FLEET.md). */
const scrapeSeconds = minute
/** Rules that look back further than 26 hours do so in steps of hours. */
const recentSeconds = 26 * hour
const coarseSeconds = 15 * minute
/** The times of each heartbeat: their values change, so they take more space and time than constants. */
const heartbeatTimes = {
  kopia_agent_metrics_timestamp_seconds: 0,
  kopia_agent_metrics_deadline_timestamp_seconds: 3 * heartbeatSeconds + 900,
} as const

/** Debian's, the oldest that the rules support, and that of the stack. */
export type PrometheusVersion = 'prometheus' | 'prometheus3'

export type HistoryCost = {
  readonly name: string
  /** As Prometheus reports it, of each round. */
  readonly seconds: readonly number[]
  /** Samples in memory at the same time; --query.max-samples limits them. */
  readonly peakSamples: number
}

/**
 * Evaluates all alerts over so many agents, in turn and several times. Each series goes back as far as an alert reads it:
 * Prometheus opens no older data, so a month of it would change nothing.
 */
export async function measureHistory(
  folder: string,
  agents: number,
  program: PrometheusVersion,
): Promise<readonly HistoryCost[]> {
  const now = Math.floor(Date.now() / 1000 / coarseSeconds) * coarseSeconds
  const prometheus = await startEmpty(folder, program)
  try {
    await load(prometheus, agents, now)
    const alerts = await readAlerts()
    const all: (readonly Evaluation[])[] = []
    for (let round = 0; round <= rounds; round += 1) {
      const evaluations: Evaluation[] = []
      for (const { alert, expr } of alerts) evaluations.push(await evaluate(prometheus, alert, expr, now))
      // The first round is a warm-up.
      if (round > 0) all.push(evaluations)
    }
    return alerts.map(({ alert }, index) => ({
      name: alert,
      seconds: all.map((round) => round[index]?.seconds ?? Number.NaN),
      peakSamples: Math.max(...all.map((round) => round[index]?.peakSamples ?? Number.NaN)),
    }))
  } finally {
    await prometheus.stop()
  }
}

const rounds = 5

type Evaluation = { readonly seconds: number; readonly peakSamples: number }

async function startEmpty(folder: string, program: PrometheusVersion): Promise<Service> {
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'prometheus.yml'), 'global: {}\n')
  return startService(program, await freePort(), '/-/ready', (address) => [
    tool(program),
    `--config.file=${join(folder, 'prometheus.yml')}`,
    `--storage.tsdb.path=${join(folder, 'data')}`,
    '--web.enable-remote-write-receiver',
    `--web.listen-address=${address}`,
  ])
}

async function evaluate(
  prometheus: Service,
  name: string,
  expression: string,
  time: number,
): Promise<Evaluation> {
  const body = new URLSearchParams({ query: expression, time: String(time), stats: 'all' })
  const response = await fetch(`${prometheus.url}/api/v1/query`, { method: 'POST', body })
  const answer = JSON.parse(await response.text())
  if (answer.status !== 'success') throw new Error(`${name}: ${answer.error}`)
  const { timings, samples } = answer.data.stats
  return { seconds: timings.evalTotalTime, peakSamples: samples.peakSamples }
}

/** Writes the history hour by hour, as Prometheus takes it, then waits until Prometheus has compacted it. */
async function load(prometheus: Service, agents: number, now: number): Promise<void> {
  const bySpan = await seriesBySpan(agents, now)
  const longest = Math.ceil(Math.max(...bySpan.keys()) / hour) * hour
  for (let from = now - longest; from < now; from += hour) {
    for (const [span, series] of bySpan) {
      const times = timesOf(from, now).filter((time) => time > now - span - scrapeSeconds)
      if (times.length > 0) await remoteWrite(prometheus.url, series, times)
    }
  }
  while ((await headSeconds(prometheus)) > 3 * hour) await sleep(1000)
}

/** How much of the data is not compacted yet. Prometheus compacts what is older than three hours. */
async function headSeconds(prometheus: Service): Promise<number> {
  const page = await scrape(prometheus.url)
  const [from, until] = ['min', 'max'].map(
    (end) => page.get(`prometheus_tsdb_head_${end}_time_seconds`)?.[0]?.value ?? Number.NaN,
  )
  return (until ?? Number.NaN) - (from ?? Number.NaN)
}

/** The times of the samples in the hour after `from`. */
function timesOf(from: number, now: number): readonly number[] {
  const spacing = from >= now - recentSeconds ? scrapeSeconds : coarseSeconds
  return Array.from({ length: hour / spacing }, (_, index) => from + (index + 1) * spacing)
}

/** The series of the whole fleet, by the seconds of history that the alerts read of them. */
async function seriesBySpan(agents: number, now: number): Promise<ReadonlyMap<number, readonly Encoded[]>> {
  const spanOf = await spans()
  const bySpan = new Map<number, Encoded[]>()
  const add = (name: string, labels: Labels, valueAt: ValueAt) => {
    const span = spanOf(name, labels)
    if (span === undefined) return
    const list = bySpan.get(span) ?? []
    list.push(encodeSeries({ ...labels, __name__: name }, valueAt))
    bySpan.set(span, list)
  }
  for (let number = 0; number < agents; number += 1) {
    const group = { job: 'kopia', instance: instanceOf(number) }
    const newest = newestHeartbeat(number)
    const text = (await piecesOf(registryAt(number, now).text())).join('')
    for (const [name, list] of parseExposition(text)) {
      if (name in heartbeatTimes) continue
      for (const { labels, value } of list) add(name, { ...labels, ...group }, () => value)
    }
    for (const [name, later] of Object.entries(heartbeatTimes)) add(name, group, (at) => newest(at) + later)
    add('push_time_seconds', group, () => now - 100)
    add('push_failure_time_seconds', group, () => 0)
  }
  return bySpan
}

/** The time of an agent's newest heartbeat at a time. */
function newestHeartbeat(number: number): ValueAt {
  const offset = (number * 1.237) % heartbeatSeconds
  return (seconds) => Math.floor((seconds - offset) / heartbeatSeconds) * heartbeatSeconds + offset
}

/** How far back the alerts read a series, in seconds; undefined if no alert reads it. */
async function spans(): Promise<(name: string, labels: Labels) => number | undefined> {
  const all = (await readAlerts()).flatMap(({ expr }) => lookbacksIn(expr))
  const byMetric = Map.groupBy(all, ({ metric }) => metric)
  return (name, labels) => {
    const matching = (byMetric.get(name) ?? []).filter(({ equal }) =>
      Object.entries(equal).every(([label, value]) => labels[label] === value),
    )
    if (matching.length === 0) return undefined
    return Math.max(shortestSeconds, ...matching.map(({ seconds }) => seconds))
  }
}
