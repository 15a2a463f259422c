// A machine whose agent's pushes reach a gateway and, unchanged, the import of a store; and what both answer.

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { importPath } from '../../../agent/push/target.ts'
import { cleanUpAfter } from '../cleanup.ts'
import { instant, type Line, overTime, type PrometheusQueries } from '../dashboards/prometheus-queries.ts'
import { scrapeIntervalSeconds } from '../dashboards/scenario.ts'
import { fasterRules } from '../faster-rules.ts'
import { createLab, type Lab } from '../lab.ts'
import { scrape } from '../prometheus.ts'
import { alertsFile } from '../rules.ts'
import { type Service, startNodeExporter, startPrometheus } from '../stack.ts'
import { waitFor } from '../wait.ts'
import { type Comparison, comparePanels } from './compare.ts'
import { alertExpressions } from './expect.ts'
import { startVictoriaMetrics } from './store.ts'
import { startTee, type Tee } from './tee.ts'
import { startVmalert } from './vmalert.ts'

/** Minutes become seconds: heartbeats, how far the rules and the store look back, and what the alerts wait for. */
export const speed = 60
/** How far VictoriaMetrics's instant queries look back by default, and how long it shows a series without new samples. */
const [stepSeconds, bridgedSeconds] = [5, 15]

export type DirectPush = {
  readonly lab: Lab
  readonly prometheus: Service
  readonly store: Service
  readonly tee: Tee
  /** Unix seconds. */
  readonly begunAt: number
  readonly startAgent: (settings?: NodeJS.ProcessEnv) => Promise<Service>
}

export async function openDirectPush(context: TestContext): Promise<DirectPush> {
  const lab = await createLab(context)
  const store = await startVictoriaMetrics(lab.folder, `${bridgedSeconds}s`)
  cleanUpAfter(context, () => store.stop())
  const nodeExporter = await startNodeExporter()
  cleanUpAfter(context, () => nodeExporter.stop())
  const targets = { gateway: lab.gateway, nodeExporter, toFleet: samplesOfMachine(store) }
  const prometheus = await startPrometheus(join(lab.folder, 'prometheus'), targets, speed)
  cleanUpAfter(context, () => prometheus.stop())
  const rules = fasterRules(await readFile(alertsFile, 'utf8'), speed)
  const vmalert = await startVmalert(lab.folder, store, rules, stepSeconds)
  cleanUpAfter(context, () => vmalert.stop())
  const tee = await startTee(context, store.url, lab.gateway.url)
  const everyFiveSeconds = '*/5 * * * * *'
  const startAgent = (settings: NodeJS.ProcessEnv = {}) =>
    lab.startAgent({
      KOPIA_METRICS_PUSHGATEWAY_URL: `${tee.url}${importPath}`,
      KOPIA_METRICS_INSTANCE: 'vm',
      KOPIA_METRICS_REFRESH_SCHEDULE: everyFiveSeconds,
      KOPIA_METRICS_REPOSITORY_SCHEDULE: everyFiveSeconds,
      ...settings,
    })
  return { lab, prometheus, store, tee, begunAt: Math.floor(Date.now() / 1000), startAgent }
}

/** The machine's own samples are the same on both sides, since two scrapes would differ: Prometheus writes its own to the store. */
function samplesOfMachine(store: Service) {
  const onlyMachine = { source_labels: ['job'], regex: 'node', action: 'keep' }
  const remoteWrite = [
    {
      url: `${store.url}/api/v1/write`,
      write_relabel_configs: [onlyMachine],
      queue_config: { batch_send_deadline: '200ms' },
    },
  ]
  return { externalLabels: {}, remoteWrite }
}

/** The times of both sides' answers, and which of them count. */
export type Moment = {
  readonly gateway: PrometheusQueries
  readonly store: PrometheusQueries
  /**
   * Whether both sides have the same push as the newest at this time of a graph. Prometheus scrapes a push up to a second
   * after the store has it; nothing else may differ.
   */
  readonly isSettled: (seconds: number) => boolean
  readonly settledCount: number
}

const newestPush = 'kopia_agent_metrics_timestamp_seconds'
const newestOfMachine = 'node_time_seconds'

/** Waits for a time at which both sides have what the gateway has now, and the same samples of the machine. */
export async function settled(direct: DirectPush): Promise<Moment> {
  const atLeast = (await scrape(direct.lab.gateway.url)).get(newestPush)?.[0]?.value ?? Number.NaN
  return waitFor('Prometheus and the store have the push', async () => {
    const [gateway, store] = queriesAt(direct, Math.floor(Date.now() / 1000))
    const valuesOf = async (expression: string) => {
      const [here, there] = await Promise.all([instant(gateway, expression), instant(store, expression)])
      return [here[0]?.points[0]?.[1], there[0]?.points[0]?.[1]] as const
    }
    const [pushed, imported] = await valuesOf(newestPush)
    if (!isSamePush(pushed, imported) || !isSamePush(...(await valuesOf(newestOfMachine)))) return
    const isNewest = pushed !== undefined && pushed >= atLeast && !isFresh(direct.tee, gateway.range.to)
    return isNewest ? momentOf(gateway, store, direct.tee) : undefined
  })
}

function queriesAt(
  { prometheus, store, begunAt }: DirectPush,
  to: number,
): readonly [gateway: PrometheusQueries, store: PrometheusQueries] {
  const common = { range: { from: begunAt, to }, scrapeIntervalSeconds }
  return [
    { ...common, prometheusUrl: prometheus.url },
    { ...common, prometheusUrl: store.url, instantStepSeconds: stepSeconds },
  ]
}

/** Whether a push, or the end of a series that follows it, may not be scraped yet: pushes of the same second have the same time. */
function isFresh({ pushedAt }: Tee, seconds: number): boolean {
  return pushedAt.some((at) => seconds > at - 1 && seconds < at + 2)
}

async function momentOf(gateway: PrometheusQueries, store: PrometheusQueries, tee: Tee): Promise<Moment> {
  const [here, there] = await Promise.all([overTime(gateway, newestPush), overTime(store, newestPush)])
  const inStore = new Map(there[0]?.points)
  const same = (here[0]?.points ?? []).filter(([seconds, value]) => isSamePush(value, inStore.get(seconds)))
  const settledTimes = new Set(same.map(([seconds]) => seconds))
  return {
    gateway,
    store,
    isSettled: (seconds) => settledTimes.has(seconds) && !isFresh(tee, seconds),
    settledCount: settledTimes.size,
  }
}

/** VictoriaMetrics may lose the last digits of a double; two pushes are much further apart than this. */
function isSamePush(one: number | undefined, other: number | undefined): boolean {
  return one !== undefined && other !== undefined && Math.abs(one - other) < 0.01
}

/** What both sides answer to each query of each panel. Points of graphs count where both sides have the same newest push. */
export async function panelsAt({ gateway, store, isSettled }: Moment): Promise<readonly Comparison[]> {
  const comparisons = await comparePanels(
    { queries: gateway, selection: {} },
    { queries: store, selection: {} },
  )
  return comparisons.map((comparison) => ({
    ...comparison,
    fromSite: settledPoints(comparison.fromSite, isSettled),
    fromStore: settledPoints(comparison.fromStore, isSettled),
  }))
}

function settledPoints(lines: readonly Line[], isSettled: Moment['isSettled']): readonly Line[] {
  return lines
    .map(({ labels, points }) => ({ labels, points: points.filter(([seconds]) => isSettled(seconds)) }))
    .filter(({ points }) => points.length > 0)
}

/** A deadline of the agent is hours or days ahead, so the rules are also asked by a clock to which all of them are over. */
const aheadSeconds = 40 * 86_400

/** What both sides answer to each rule, by the true clock and by one that is ahead of all deadlines. */
export async function rulesAt({ gateway, store }: Moment): Promise<readonly Comparison[]> {
  const asked = (await alertExpressions(speed)).flatMap(({ name, expression }) => {
    const ahead = expression.replaceAll(/([<+] )time\(\)/g, `$1(time() + ${aheadSeconds})`)
    return [...new Set([expression, ahead])].map((one) => ({ name, expression: one }))
  })
  return Promise.all(
    asked.map(async ({ name, expression }) => {
      const [fromSite, fromStore] = await Promise.all([
        instant(gateway, expression),
        instant(store, expression),
      ])
      return { name, expression, fromSite, fromStore }
    }),
  )
}
