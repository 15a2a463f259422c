// Evaluates the project's rules over windows of the year with promtool, and returns the alerts that were active.

import { execFile } from 'node:child_process'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { parse, stringify } from 'yaml'
import { durationSeconds, type Rule, rulesFolder } from '../rules.ts'
import { tool } from '../tools.ts'
import { prometheusOutage } from './incidents.ts'
import type { MachineYear } from './machine.ts'
import { leftOut } from './source-metrics.ts'
import { inPromtoolNotation, isIn, samplesOf, type Track } from './tracks.ts'
import { type EvaluationWindow, evaluationsOf } from './windows.ts'

/** An active alert of one source or machine at one time (Unix seconds). */
export type ActiveAlert = {
  readonly alert: string
  readonly machine: string
  readonly path: string | undefined
  readonly time: number
  readonly window: EvaluationWindow
}

/** All active alerts of the windows. Runs one promtool per core, and writes its files to `folder`. */
export async function activeAlertsIn(
  windows: readonly EvaluationWindow[],
  machineYears: readonly MachineYear[],
  folder: string,
): Promise<readonly ActiveAlert[]> {
  const found = await eachOnACore(windows, (window, index) =>
    evaluateWindow(window, machineYears, join(folder, `window-${index}`)),
  )
  // Prometheus evaluates nothing during its outage.
  return found.flat().filter(({ time }) => !isIn(prometheusOutage, time))
}

/** Works on as many items at a time as there are cores. */
export async function eachOnACore<T, Result>(
  items: readonly T[],
  work: (item: T, index: number) => Promise<Result>,
): Promise<readonly Result[]> {
  const waiting = [...items.entries()]
  const results: Result[] = []
  const workOff = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [index, item] = next
      results[index] = await work(item, index)
    }
  }
  await Promise.all(Array.from({ length: availableParallelism() }, workOff))
  return results
}

async function evaluateWindow(
  window: EvaluationWindow,
  machineYears: readonly MachineYear[],
  path: string,
): Promise<readonly ActiveAlert[]> {
  const state = window.counts === 'firing' ? 'alertstate="firing", ' : ''
  const query = `ALERTS{${state}alertname!="Watchdog"}`
  const found = await seriesIn(window, [query], machineYears, path)
  return found.map(({ time, labels: { alertname: alert = '', instance = '*', path: ofSource } }) => {
    return { alert, machine: instance.replace(/:\d+$/, ''), path: ofSource, time, window }
  })
}

/** A series that a query returned at a time (Unix seconds). */
export type FoundSeries = {
  readonly query: string
  readonly time: number
  readonly labels: Readonly<Record<string, string>>
}

/**
 * Runs the queries at each evaluation of the window. They expect no series, so promtool's failures list those that are there.
 * Writes its files to `path`, with an ending each. Rejects if promtool reports any other error.
 */
export async function seriesIn(
  window: EvaluationWindow,
  queries: readonly string[],
  machineYears: readonly MachineYear[],
  path: string,
): Promise<readonly FoundSeries[]> {
  const rules = await rulesFor(window)
  await writeFile(`${path}-rules.yml`, rules)
  const read = [rules, ...queries].join('\n')
  const missing = leftOut.filter((name) => read.includes(name))
  if (missing.length > 0) throw new Error(`the year has no ${missing.join(', ')}: change source-metrics.ts`)
  const tracks = tracksOf(window, machineYears).filter(([series]) => read.includes(nameOf(series)))
  await writeFile(`${path}.yml`, testFile(window, queries, tracks, `${path}-rules.yml`))
  const output = await run(tool('promtool3'), ['test', 'rules', `${path}.yml`])
  await rm(`${path}.yml`)
  const error = /err:.*|error.*/i.exec(output)?.[0]
  if (error !== undefined || !/SUCCESS|FAILED/.test(output)) throw new Error(`${path}: ${error ?? output}`)
  return output
    .split(/(?=expr: ")/)
    .slice(1)
    .flatMap((failure) => {
      const [, query = '', time = ''] = /^expr: (".*"), time: ([0-9a-z]+)/.exec(failure) ?? []
      const found = failure.slice(failure.indexOf('got:')).matchAll(/\{([^}]*)\}/g)
      return [...found].map(
        ([, text = '']): FoundSeries => ({
          query: JSON.parse(query),
          time: window.from + durationSeconds(time),
          labels: labelsOf(text),
        }),
      )
    })
}

/** All rules, or only those of the window's alerts. */
async function rulesFor({ alerts }: EvaluationWindow): Promise<string> {
  const text = await readFile(join(rulesFolder, 'kopia_alerts.yml'), 'utf8')
  if (alerts === undefined) return text
  const { groups }: { groups: { name: string; rules: Rule[] }[] } = parse(text)
  const isWanted = ({ alert = '' }: Rule) => alerts.includes(alert)
  const reduced = groups.map((group) => ({ ...group, rules: group.rules.filter(isWanted) }))
  return stringify({ groups: reduced.filter(({ rules }) => rules.length > 0) })
}

function testFile(
  window: EvaluationWindow,
  queries: readonly string[],
  tracks: readonly Track[],
  rulesFile: string,
): string {
  const { from, until, evaluationSeconds, sampleSeconds } = window
  const series = tracks.flatMap(([name, steps]) => {
    const samples = samplesOf(steps, { from, until }, sampleSeconds, prometheusOutage)
    const hasSamples = samples.some((sample) => sample !== undefined)
    return hasSamples ? [`      - series: '${name}'\n        values: '${inPromtoolNotation(samples)}'\n`] : []
  })
  const times = Array.from({ length: evaluationsOf(window) }, (_, index) => index * evaluationSeconds)
  const tests = times.flatMap((seconds) =>
    queries.map((query) => `      - expr: ${JSON.stringify(query)}\n        eval_time: ${seconds}s\n`),
  )
  return `rule_files: ['${rulesFile}']
evaluation_interval: ${evaluationSeconds}s
tests:
  - interval: ${sampleSeconds}s
    start_timestamp: ${from}
    input_series:
${series.join('')}    promql_expr_test:
${tests.join('')}`
}

/**
 * The series of the window's sources and of their machines; the statuses of the machines' other sources, which one rule uses;
 * and the build infos of the other machines.
 */
function tracksOf(
  { machineYears, sources }: EvaluationWindow,
  allMachines: readonly MachineYear[],
): readonly Track[] {
  const paths = sources?.map(({ path }) => `path="${path}"`)
  const own = machineYears
    .flatMap(({ tracks }) => [...tracks])
    .filter(
      ([series]) =>
        paths === undefined ||
        !series.includes(' path=') ||
        nameOf(series) === 'kopia_backup_status' ||
        paths.some((path) => series.includes(path)),
    )
  const others = allMachines
    .filter((machineYear) => !machineYears.includes(machineYear))
    .flatMap(({ tracks }) => [...tracks].filter(([series]) => isOfEveryAgent.test(series)))
  return [...others, ...own]
}

/** What tells that an agent is there, and up to date. */
const isOfEveryAgent = /^kopia_agent_(build_info|metrics_timestamp_seconds)/

function run(file: string, parameters: readonly string[]): Promise<string> {
  return new Promise((resolve) => {
    execFile(file, parameters, { maxBuffer: 2 ** 28 }, (_, stdout, stderr) => resolve(stdout + stderr))
  })
}

function nameOf(series: string): string {
  return series.slice(0, series.indexOf('{'))
}

function labelsOf(text: string): Record<string, string> {
  return Object.fromEntries(
    [...text.matchAll(/(\w+)="([^"]*)"/g)].map(([, name = '', value = '']) => [name, value]),
  )
}
