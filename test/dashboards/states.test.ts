// Checks each state of a source, and the time at which it begins, with promtool.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { stringify } from 'yaml'
import type { MetricName } from '../../agent/metrics/definitions.ts'
import { sources, states } from '../../dashboards/src/queries/sources.ts'
import { interpolate } from '../support/dashboards/interpolate.ts'
import { temporaryFolder } from '../support/folder.ts'
import { tool } from '../support/tools.ts'

const hour = 3600
const day = 24 * hour
/** The time of the evaluation, in Unix seconds. */
const now = 30 * day

type Values = Partial<
  Record<MetricName | 'push_time_seconds', readonly (readonly [labels: string, value: number])[]>
>
type Case = { readonly name: string; readonly state: keyof typeof states; readonly values: Values }

const known: Values = { kopia_backup_first_seen_timestamp_seconds: [['', now - 20 * day]] }
const succeeded = (secondsAgo: number): Values => ({
  ...known,
  kopia_backup_status: [['', 1]],
  kopia_backup_duration_seconds: [[', status="success"', 5]],
  kopia_backup_last_success_timestamp_seconds: [['', now - secondsAgo]],
})
const ended = (status: string): Values => ({
  ...succeeded(hour),
  kopia_backup_status: [['', 0]],
  kopia_backup_duration_seconds: [[`, status="${status}"`, 5]],
})
const daily = (origin: string): Values => ({
  kopia_backup_expected_interval_seconds: [[`, origin="${origin}"`, day]],
})
const agent = (alwaysOn: number, silentSeconds: number): Values => ({
  kopia_agent_always_on: [['', alwaysOn]],
  kopia_agent_heartbeat_interval_seconds: [['', 300]],
  push_time_seconds: [['', now - silentSeconds]],
})
const running: Values = { kopia_backup_running_since_timestamp_seconds: [['', now - 10]] }

const cases: readonly Case[] = [
  { name: 'good', state: 'good', values: { ...succeeded(day), ...daily('policy') } },
  { name: 'failed', state: 'failed', values: ended('failed') },
  { name: 'failed and running again', state: 'failed', values: { ...ended('failed'), ...running } },
  { name: 'incomplete', state: 'incomplete', values: ended('incomplete') },
  { name: 'running', state: 'running', values: { ...succeeded(hour), ...running } },
  {
    name: 'the first backup is running',
    state: 'running',
    values: {
      ...known,
      ...agent(1, 0),
      ...running,
      kopia_backup_first_seen_timestamp_seconds: [['', now - 60]],
    },
  },
  { name: 'new', state: 'unknown', values: { kopia_backup_first_seen_timestamp_seconds: [['', now - 60]] } },
  { name: 'known for long and never backed up', state: 'overdue', values: known },
  {
    name: 'policy: 37 hours are within the limit',
    state: 'good',
    values: { ...succeeded(37 * hour), ...daily('policy') },
  },
  {
    name: 'policy: a second more is overdue',
    state: 'overdue',
    values: { ...succeeded(37 * hour + 1), ...daily('policy') },
  },
  {
    name: 'learned: a weekend is within the limit',
    state: 'good',
    values: { ...succeeded(3 * day), ...daily('learned') },
  },
  {
    name: 'learned: 85 hours and a second are overdue',
    state: 'overdue',
    values: { ...succeeded(85 * hour + 1), ...daily('learned') },
  },
  {
    name: 'no interval: three days and an hour are within the limit',
    state: 'good',
    values: succeeded(73 * hour),
  },
  { name: 'no interval: a second more is overdue', state: 'overdue', values: succeeded(73 * hour + 1) },
  {
    name: 'a laptop that sleeps',
    state: 'away',
    values: { ...succeeded(9 * day), ...daily('policy'), ...agent(0, day) },
  },
  {
    name: 'a laptop that is awake',
    state: 'overdue',
    values: { ...succeeded(9 * day), ...daily('policy'), ...agent(0, 60) },
  },
  {
    name: 'a server that is down',
    state: 'overdue',
    values: { ...succeeded(9 * day), ...daily('policy'), ...agent(1, day) },
  },
  {
    name: 'a laptop that failed before it slept',
    state: 'failed',
    values: { ...ended('failed'), ...agent(0, day) },
  },
]

function seriesOf({ name, values }: Case) {
  return Object.entries(values).flatMap(([metric, list]) => {
    const isOfSource = metric.startsWith('kopia_backup_')
    const labels = isOfSource ? `, user="u", host="h", path="${name}"` : ''
    return list.map(([more, value]) => ({
      series: `${metric}{job="kopia", instance="${name}"${labels}${more}}`,
      values: `${value}x${now / hour}`,
    }))
  })
}

test('each state begins at the exact second', async (context) => {
  const graphTime = { range: { from: now - day, to: now }, intervalSeconds: 60, scrapeIntervalSeconds: 60 }
  const everything = new Map(['site', 'job', 'instance', 'host', 'path'].map((name) => [name, '.*']))
  const tests = {
    rule_files: [],
    tests: [
      {
        interval: '1h',
        input_series: cases.flatMap(seriesOf),
        promql_expr_test: [
          {
            expr: interpolate(sources.state, graphTime, everything),
            eval_time: `${now}s`,
            exp_samples: cases.map(({ name, state }) => ({
              labels: `{user="u", host="h", path="${name}"}`,
              value: states[state],
            })),
          },
          {
            expr: interpolate(sources.needAttention, graphTime, everything),
            eval_time: `${now}s`,
            exp_samples: [
              { labels: '{}', value: cases.filter(({ state }) => states[state] > states.unknown).length },
            ],
          },
        ],
      },
    ],
  }
  const path = join(await temporaryFolder(context), 'states.yml')
  await writeFile(path, stringify(tests))
  const result = spawnSync(tool('promtool'), ['test', 'rules', path], { encoding: 'utf8' })
  assert.equal(result.status, 0, result.stdout + result.stderr)
})
