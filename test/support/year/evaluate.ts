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
import { inPromtoolNotation, isIn, samplesOf, type Track, type Tracks } from './tracks.ts'
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
  const waiting = [...windows.entries()]
  const found: ActiveAlert[] = []
  const work = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [index, window] = next
      found.push(...(await evaluateWindow(window, machineYears, join(folder, `window-${index}`))))
    }
  }
  await Promise.all(Array.from({ length: availableParallelism() }, work))
  // Prometheus evaluates nothing during its outage.
  return found.filter(({ time }) => !isIn(prometheusOutage, time))
}

/**
 * Each query expects no alert, so promtool's failures list the active ones. Rejects if promtool reports any other error.
 */
async function evaluateWindow(
  window: EvaluationWindow,
  machineYears: readonly MachineYear[],
  path: string,
): Promise<readonly ActiveAlert[]> {
  const rules = await rulesFor(window)
  await writeFile(`${path}-rules.yml`, rules)
  const tracks = [...tracksOf(window, machineYears)].filter(([series]) => rules.includes(nameOf(series)))
  await writeFile(`${path}.yml`, testFile(window, tracks, `${path}-rules.yml`))
  const output = await run(tool('promtool3'), ['test', 'rules', `${path}.yml`])
  await rm(`${path}.yml`)
  const error = /err:.*|error.*/i.exec(output)?.[0]
  if (error !== undefined || !/SUCCESS|FAILED/.test(output)) throw new Error(`${path}: ${error ?? output}`)
  return output
    .split(/(?=expr: "ALERTS)/)
    .slice(1)
    .flatMap((failure) => {
      const time = window.from + durationSeconds(/time: ([0-9a-z]+)/.exec(failure)?.[1] ?? '')
      const alerts = failure.slice(failure.indexOf('got:')).matchAll(/\{([^}]*)\}/g)
      return [...alerts].map(([, text = '']): ActiveAlert => {
        const { alertname: alert = '', instance = '*', path: ofSource } = labelsOf(text)
        return { alert, machine: instance.replace(/:\d+$/, ''), path: ofSource, time, window }
      })
    })
}

/** All rules, or only those of the window's alert. Rules for the other kind of machine (sleeping, always on) are left out. */
async function rulesFor({ alert, machineYear }: EvaluationWindow): Promise<string> {
  const text = await readFile(join(rulesFolder, 'kopia_alerts.yml'), 'utf8')
  if (alert === undefined) return text
  const { groups }: { groups: { name: string; rules: Rule[] }[] } = parse(text)
  const other = machineYear.machine === 'laptop' ? 'always_on' : 'sleeps'
  const isWanted = (rule: Rule) => rule.alert === alert && rule.labels?.machine !== other
  const reduced = groups.map((group) => ({ ...group, rules: group.rules.filter(isWanted) }))
  return stringify({ groups: reduced.filter(({ rules }) => rules.length > 0) })
}

function testFile(window: EvaluationWindow, tracks: readonly Track[], rulesFile: string): string {
  const { from, until, evaluationSeconds, sampleSeconds, counts } = window
  const series = tracks.flatMap(([name, steps]) => {
    const samples = samplesOf(steps, { from, until }, sampleSeconds, prometheusOutage)
    const hasSamples = samples.some((sample) => sample !== undefined)
    return hasSamples ? [`      - series: '${name}'\n        values: '${inPromtoolNotation(samples)}'\n`] : []
  })
  const state = counts === 'firing' ? 'alertstate="firing", ' : ''
  const queries = Array.from(
    { length: evaluationsOf(window) },
    (_, index) =>
      `      - expr: 'ALERTS{${state}alertname!="Watchdog"}'\n        eval_time: ${index * evaluationSeconds}s\n`,
  )
  return `rule_files: ['${rulesFile}']
evaluation_interval: ${evaluationSeconds}s
tests:
  - interval: ${sampleSeconds}s
    start_timestamp: ${from}
    input_series:
${series.join('')}    promql_expr_test:
${queries.join('')}`
}

/**
 * The series of the window's sources and of their machine; the statuses of the machine's other sources, which one rule
 * uses; and the build infos of the other machines.
 */
function tracksOf({ machineYear, sources }: EvaluationWindow, machineYears: readonly MachineYear[]): Tracks {
  const paths = sources.map(({ path }) => `path="${path}"`)
  const own = [...machineYear.tracks].filter(
    ([series]) =>
      !series.includes(' path=') ||
      nameOf(series) === 'kopia_backup_status' ||
      paths.some((path) => series.includes(path)),
  )
  const others = machineYears.flatMap(({ tracks }) =>
    [...tracks].filter(([series]) => series.startsWith('kopia_agent_build_info')),
  )
  return new Map([...others, ...own])
}

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
