// Has promtool evaluate the project's rules over the year, every hour, and reads from it which alerts fired when.

import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { rulesFolder } from '../rules.ts'
import { tool } from '../tools.ts'
import { hoursOfYear, inPromtoolNotation, type SeriesTable } from './series.ts'

export type Firing = { readonly hour: number; readonly labels: Readonly<Record<string, string>> }

const expression = 'ALERTS{alertstate="firing", alertname!="Watchdog"}'

/** All alerts that fired, hour by hour, one table after the other on each core. */
export async function firingsOf(tables: readonly SeriesTable[], folder: string): Promise<readonly Firing[]> {
  const waiting = [...tables.entries()]
  const found: Firing[] = []
  const work = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      found.push(...(await firingsOfTable(next[1], join(folder, `year-${next[0]}.yml`))))
    }
  }
  await Promise.all(Array.from({ length: availableParallelism() }, work))
  return found
}

/** Every hour expects nothing: what promtool then complains of is what fired. Rejects for any other complaint. */
async function firingsOfTable(table: SeriesTable, path: string): Promise<readonly Firing[]> {
  await writeFile(path, testFile(table))
  const output = await run(tool('promtool'), ['test', 'rules', path])
  const complaints = output.split(/(?=expr: "ALERTS)/).slice(1)
  const errors = /err:.*/.exec(output)?.[0]
  if (errors !== undefined || !/SUCCESS|FAILED/.test(output)) throw new Error(errors ?? output.slice(0, 1000))
  return complaints.flatMap((complaint) => {
    const hour = hourOf(/time: ([0-9dhms]+)/.exec(complaint)?.[1] ?? '')
    return [...complaint.matchAll(/ALERTS\{([^}]*)\}/g)]
      .map(([, labels = '']) => labelsOf(labels))
      .filter(({ alertname }) => alertname !== undefined && alertname !== 'Watchdog')
      .map((labels) => ({ hour, labels }))
  })
}

function testFile(table: SeriesTable): string {
  const series = [...table].map(
    ([name, values]) => `      - series: '${name}'\n        values: '${inPromtoolNotation(values)}'\n`,
  )
  const questions = Array.from(
    { length: hoursOfYear },
    (_, hour) => `      - expr: '${expression}'\n        eval_time: ${hour}h\n`,
  )
  return `rule_files: ['${join(rulesFolder, 'kopia_alerts.yml')}']
evaluation_interval: 1h
tests:
  - interval: 1h
    input_series:
${series.join('')}    promql_expr_test:
${questions.join('')}`
}

function run(file: string, parameters: readonly string[]): Promise<string> {
  return new Promise((resolve) => {
    execFile(file, parameters, { maxBuffer: 2 ** 28 }, (_, stdout, stderr) => resolve(stdout + stderr))
  })
}

const unitHours: Readonly<Record<string, number>> = { d: 24, h: 1, m: 1 / 60, s: 1 / 3600 }

function hourOf(time: string): number {
  const parts = [...time.matchAll(/(\d+)([dhms])/g)]
  return parts.reduce((sum, [, number, unit = '']) => sum + Number(number) * (unitHours[unit] ?? 0), 0)
}

function labelsOf(text: string): Record<string, string> {
  return Object.fromEntries([...text.matchAll(/(\w+)="([^"]*)"/g)].map(([, name = '', value = '']) => [name, value]))
}
