// Has promtool evaluate the project's rules over a part of the year, and reads from it which alerts there were.

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
import { evaluationsOf, type Look } from './windows.ts'

/** An alert of one source or machine at a moment (Unix seconds). */
export type Sighting = {
  readonly alert: string
  readonly machine: string
  readonly path: string | undefined
  readonly time: number
  readonly look: Look
}

/** All that was seen, with as many promtools at a time as there are cores. Writes its files into `folder`. */
export async function sightingsIn(
  looks: readonly Look[],
  machineYears: readonly MachineYear[],
  folder: string,
): Promise<readonly Sighting[]> {
  const waiting = [...looks.entries()]
  const found: Sighting[] = []
  const work = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [index, look] = next
      found.push(...(await sightingsOf(look, machineYears, join(folder, `look-${index}`))))
    }
  }
  await Promise.all(Array.from({ length: availableParallelism() }, work))
  // Prometheus evaluated nothing while it was gone.
  return found.filter(({ time }) => !isIn(prometheusOutage, time))
}

/** Each question expects nothing: what promtool then complains of is what there was. Rejects for any other complaint. */
async function sightingsOf(
  look: Look,
  machineYears: readonly MachineYear[],
  path: string,
): Promise<readonly Sighting[]> {
  const rules = await rulesFor(look)
  await writeFile(`${path}-rules.yml`, rules)
  const tracks = [...tracksOf(look, machineYears)].filter(([series]) => rules.includes(nameOf(series)))
  await writeFile(`${path}.yml`, testFile(look, tracks, `${path}-rules.yml`))
  const output = await run(tool('promtool3'), ['test', 'rules', `${path}.yml`])
  await rm(`${path}.yml`)
  const error = /err:.*|error.*/i.exec(output)?.[0]
  if (error !== undefined || !/SUCCESS|FAILED/.test(output)) throw new Error(`${path}: ${error ?? output}`)
  return output
    .split(/(?=expr: "ALERTS)/)
    .slice(1)
    .flatMap((complaint) => {
      const time = look.from + durationSeconds(/time: ([0-9a-z]+)/.exec(complaint)?.[1] ?? '')
      const alerts = complaint.slice(complaint.indexOf('got:')).matchAll(/\{([^}]*)\}/g)
      return [...alerts].map(([, text = '']): Sighting => {
        const { alertname: alert = '', instance = '*', path: ofSource } = labelsOf(text)
        return { alert, machine: instance.replace(/:\d+$/, ''), path: ofSource, time, look }
      })
    })
}

/** The project's rules, or those of one alert among them; without what is for machines that sleep, where none does. */
async function rulesFor({ alert, machineYear }: Look): Promise<string> {
  const text = await readFile(join(rulesFolder, 'kopia_alerts.yml'), 'utf8')
  if (alert === undefined) return text
  const { groups }: { groups: { name: string; rules: Rule[] }[] } = parse(text)
  const other = machineYear.machine === 'laptop' ? 'always_on' : 'sleeps'
  const isMeant = (rule: Rule) => rule.alert === alert && rule.labels?.machine !== other
  const reduced = groups.map((group) => ({ ...group, rules: group.rules.filter(isMeant) }))
  return stringify({ groups: reduced.filter(({ rules }) => rules.length > 0) })
}

function testFile(look: Look, tracks: readonly Track[], rulesFile: string): string {
  const { from, until, evaluationSeconds, sampleSeconds, counts } = look
  const series = tracks.flatMap(([name, steps]) => {
    const samples = samplesOf(steps, { from, until }, sampleSeconds, prometheusOutage)
    const isThere = samples.some((sample) => sample !== undefined)
    return isThere ? [`      - series: '${name}'\n        values: '${inPromtoolNotation(samples)}'\n`] : []
  })
  const state = counts === 'firing' ? 'alertstate="firing", ' : ''
  const questions = Array.from(
    { length: evaluationsOf(look) },
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
${questions.join('')}`
}

/** Of its sources and their machine; how the machine's others went, which one rule asks; that there are other machines. */
function tracksOf({ machineYear, sources }: Look, machineYears: readonly MachineYear[]): Tracks {
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
