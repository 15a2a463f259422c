// Reads the project's rule files and their promtool tests.

import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from 'yaml'
import { projectFolder } from './tools.ts'

export const rulesFolder = join(projectFolder, 'rules')

export type Rule = {
  readonly alert: string
  readonly expr: string
  readonly for?: string
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
}

export type RuleFile = { readonly groups: readonly { readonly rules: readonly Rule[] }[] }

/** The file with all alerts. */
export const alertsFile = join(rulesFolder, 'kopia_alerts.yml')

/** Reads all alerts. */
export async function readAlerts(): Promise<readonly Rule[]> {
  const file: RuleFile = parse(await readFile(alertsFile, 'utf8'))
  return file.groups.flatMap((group) => group.rules)
}

export type ExpectedAlert = { readonly exp_labels: Readonly<Record<string, string>> }
export type Check = {
  readonly eval_time: string
  readonly alertname: string
  readonly exp_alerts: readonly ExpectedAlert[]
}
export type TestGroup = {
  readonly interval: string
  readonly input_series: readonly { readonly series: string; readonly values: string }[]
  readonly alert_rule_test?: readonly Check[]
}
export type TestFile = { readonly evaluation_interval: string; readonly tests: readonly TestGroup[] }

/** Reads the promtool tests in rules/test. */
export async function readTestFiles(): Promise<readonly TestFile[]> {
  const names = (await readdir(join(rulesFolder, 'test'))).filter((name) => name.endsWith('.yml'))
  return Promise.all(
    names.map(
      async (name): Promise<TestFile> => parse(await readFile(join(rulesFolder, 'test', name), 'utf8')),
    ),
  )
}

const unitSeconds: Readonly<Record<string, number>> = { w: 604_800, d: 86_400, h: 3600, m: 60, s: 1 }

/** Converts a Prometheus duration such as `1d12h` to seconds. */
export function durationSeconds(text: string): number {
  if (!/^(\d+[wdhms])+$/.test(text)) throw new Error(`expected a duration such as 1d12h, found ${text}`)
  const parts = [...text.matchAll(/(\d+)([wdhms])/g)]
  return parts.reduce((sum, [, number, unit = '']) => sum + Number(number) * (unitSeconds[unit] ?? 0), 0)
}
