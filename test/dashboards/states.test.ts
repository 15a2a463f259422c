// Checks each state of a source, the time at which it begins, and the figures beside it, with promtool.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { stringify } from 'yaml'
import type { MetricName } from '../../agent/metrics/definitions.ts'
import { noProof, proofs } from '../../dashboards/src/queries/proofs.ts'
import { repositories, results } from '../../dashboards/src/queries/repository.ts'
import { sources, states } from '../../dashboards/src/queries/sources.ts'
import { interpolate } from '../support/dashboards/interpolate.ts'
import { temporaryFolder } from '../support/folder.ts'
import { tool } from '../support/tools.ts'

const hour = 3600
const day = 24 * hour
/** The time of the evaluation, in Unix seconds. */
const now = 30 * day

type Values = Partial<Record<MetricName, readonly (readonly [labels: string, value: number])[]>>
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
const due = (secondsAgo: number, origin: string): Values => ({
  kopia_backup_deadline_timestamp_seconds: [[`, origin="${origin}"`, now - secondsAgo]],
})
const agent = (alwaysOn: number, silentSeconds: number): Values => ({
  kopia_agent_always_on: [['', alwaysOn]],
  kopia_agent_heartbeat_interval_seconds: [['', 300]],
  kopia_agent_metrics_timestamp_seconds: [['', now - silentSeconds]],
})
const oneShot = (alwaysOn: number, silentSeconds: number): Values => ({
  ...agent(alwaysOn, silentSeconds),
  kopia_agent_heartbeat_interval_seconds: [],
})
const running: Values = { kopia_backup_running_since_timestamp_seconds: [['', now - 10]] }
const stuck = (secondsAgo: number): Values => ({
  ...running,
  kopia_backup_running_deadline_timestamp_seconds: [['', now - secondsAgo]],
})
const origins = ['policy', 'configured', 'learned', 'assumed'] as const

const cases: readonly Case[] = [
  { name: 'good', state: 'good', values: { ...succeeded(day), ...due(-day, 'policy') } },
  { name: 'failed', state: 'failed', values: ended('failed') },
  { name: 'failed and running again', state: 'failed', values: { ...ended('failed'), ...running } },
  { name: 'failed and overdue', state: 'failed', values: { ...ended('failed'), ...due(day, 'policy') } },
  { name: 'a success that nothing proves', state: 'failed', values: ended('success') },
  { name: 'incomplete', state: 'incomplete', values: ended('incomplete') },
  { name: 'running', state: 'running', values: { ...succeeded(hour), ...running } },
  {
    name: 'the first backup is running',
    state: 'running',
    values: { ...known, ...agent(1, 0), ...running, ...due(-day, 'never') },
  },
  { name: 'running at its limit', state: 'running', values: { ...succeeded(hour), ...stuck(0) } },
  { name: 'running a second longer', state: 'stuck', values: { ...succeeded(hour), ...stuck(1) } },
  {
    name: 'stuck and overdue',
    state: 'overdue',
    values: { ...succeeded(day), ...stuck(1), ...due(1, 'policy') },
  },
  {
    name: 'a server that went down during a run',
    state: 'running',
    values: { ...succeeded(hour), ...stuck(hour), ...agent(1, hour) },
  },
  { name: 'new', state: 'unknown', values: { ...known, ...due(-day, 'never') } },
  { name: 'never backed up in time', state: 'overdue', values: { ...known, ...due(1, 'never') } },
  ...origins.flatMap((origin): readonly Case[] => [
    { name: `${origin}: at the deadline`, state: 'good', values: { ...succeeded(day), ...due(0, origin) } },
    { name: `${origin}: a second later`, state: 'overdue', values: { ...succeeded(day), ...due(1, origin) } },
  ]),
  {
    name: 'an agent that tells no deadline',
    state: 'good',
    values: { ...succeeded(9 * day), ...agent(1, 0) },
  },
  {
    name: 'a laptop that is due after it fell asleep',
    state: 'away',
    values: { ...succeeded(9 * day), ...due(hour, 'policy'), ...agent(0, day) },
  },
  {
    name: 'a laptop that is due at its last push',
    state: 'away',
    values: { ...succeeded(9 * day), ...due(day, 'policy'), ...agent(0, day) },
  },
  {
    name: 'a laptop that was overdue before it fell asleep',
    state: 'overdue',
    values: { ...succeeded(9 * day), ...due(day + 1, 'policy'), ...agent(0, day) },
  },
  {
    name: 'a laptop that is awake and overdue',
    state: 'overdue',
    values: { ...succeeded(9 * day), ...due(61, 'policy'), ...agent(0, 60) },
  },
  {
    name: 'a laptop that is awake and due since its last push',
    state: 'good',
    values: { ...succeeded(9 * day), ...due(59, 'policy'), ...agent(0, 60) },
  },
  {
    name: 'a laptop that is due and pushes from cron',
    state: 'away',
    values: { ...succeeded(9 * day), ...due(59, 'policy'), ...oneShot(0, 60) },
  },
  {
    name: 'a laptop that never had a backup and sleeps',
    state: 'away',
    values: { ...known, ...due(hour, 'never'), ...agent(0, day) },
  },
  {
    name: 'a laptop without a gateway',
    state: 'overdue',
    values: { ...succeeded(9 * day), ...due(1, 'policy'), kopia_agent_always_on: [['', 0]] },
  },
  {
    name: 'a server that is down',
    state: 'overdue',
    values: { ...succeeded(9 * day), ...due(hour, 'policy'), ...agent(1, day) },
  },
  {
    name: 'a laptop that failed before it slept',
    state: 'failed',
    values: { ...ended('failed'), ...due(hour, 'policy'), ...agent(0, day) },
  },
]

type Series = { readonly series: string; readonly values: string }
const steady = (series: string, value: number): Series => ({ series, values: `${value}x${now / hour}` })

function seriesOf({ name, values }: Case): readonly Series[] {
  return Object.entries(values).flatMap(([metric, list]) => {
    const isOfSource = metric.startsWith('kopia_backup_')
    const labels = isOfSource ? `, user="u", host="h", path="${name}"` : ''
    return list.map(([more, value]) =>
      steady(`${metric}{job="kopia", instance="${name}"${labels}${more}}`, value),
    )
  })
}

type Expected = readonly (readonly [labels: string, value: number])[]

/** Evaluates the expressions of panels with everything selected. */
async function assertResults(
  context: TestContext,
  series: readonly Series[],
  results: readonly (readonly [expression: string, expected: Expected])[],
): Promise<void> {
  const graphTime = { range: { from: now - day, to: now }, intervalSeconds: 60, scrapeIntervalSeconds: 60 }
  const everything = new Map(['site', 'job', 'instance', 'host', 'path'].map((name) => [name, '.*']))
  const expressionTests = results.map(([expression, expected]) => ({
    expr: interpolate(expression, graphTime, everything),
    eval_time: `${now}s`,
    exp_samples: expected.map(([labels, value]) => ({ labels: `{${labels}}`, value })),
  }))
  const tests = [{ interval: '1h', input_series: series, promql_expr_test: expressionTests }]
  const path = join(await temporaryFolder(context), 'results.yml')
  await writeFile(path, stringify({ rule_files: [], tests }))
  const result = spawnSync(tool('promtool'), ['test', 'rules', path], { encoding: 'utf8' })
  assert.equal(result.status, 0, result.stdout + result.stderr)
}

test('each state begins at the exact second', async (context) => {
  const attention = cases.filter(({ state }) => states[state] > states.unknown).length
  await assertResults(context, cases.flatMap(seriesOf), [
    [
      sources.state,
      cases.map(({ name, state }) => [`user="u", host="h", path="${name}"`, states[state]] as const),
    ],
    [sources.needAttention, [['', attention]]],
  ])
})

/** A source with a daily interval, and a deadline that passed `lateSeconds` ago, in a group of the labels `group`. */
function sourceIn(group: string, path: string, lateSeconds: number, origin = 'policy'): readonly Series[] {
  const labels = `${group}, user="u", host="h", path="${path}"`
  return [
    steady(`kopia_backup_first_seen_timestamp_seconds{${labels}}`, now - 20 * day),
    steady(`kopia_backup_status{${labels}}`, 1),
    steady(`kopia_backup_expected_interval_seconds{${labels}, origin="policy"}`, day),
    steady(`kopia_backup_deadline_timestamp_seconds{${labels}, origin="${origin}"}`, now - lateSeconds),
  ]
}

test('sources of two sites with the same names are told apart', async (context) => {
  const source = 'user="u", host="h", path="/data"'
  const at = (site: string) => `site="${site}", job="kopia", instance="h"`
  const series = [...sourceIn(at('berlin'), '/data', 60), ...sourceIn(at('paris'), '/data', -60)]
  await assertResults(context, series, [
    [
      sources.state,
      [
        [`site="berlin", ${source}`, states.overdue],
        [`site="paris", ${source}`, states.good],
      ],
    ],
    [sources.overdueSeconds, [[`site="berlin", ${source}, origin="policy"`, 60]]],
    [sources.overdueInterval, [[`site="berlin", ${source}`, day]]],
    [
      sources.deadline,
      [
        [`site="berlin", ${source}`, now - 60],
        [`site="paris", ${source}`, now + 60],
      ],
    ],
  ])
})

test('a source that arrives through the gateway and by a scrape has one row', async (context) => {
  const [gateway, scrape] = ['job="kopia", instance="h"', 'job="kopia-agent", instance="h:9192"']
  const series = [
    ...sourceIn(gateway, '/same', 60),
    ...sourceIn(scrape, '/same', 30, 'learned'),
    ...sourceIn(gateway, '/not-pushed-since', 90, 'policy'),
    ...sourceIn(scrape, '/not-pushed-since', -60, 'learned'),
    ...sourceIn(gateway, '/good', -60),
    ...sourceIn(scrape, '/good', -60),
  ]
  const of = (path: string) => `user="u", host="h", path="${path}"`
  await assertResults(context, series, [
    [
      sources.state,
      [
        [of('/good'), states.good],
        [of('/not-pushed-since'), states.overdue],
        [of('/same'), states.overdue],
      ],
    ],
    [sources.needAttention, [['', 2]]],
    [
      sources.overdueSeconds,
      [
        [`${of('/not-pushed-since')}, origin="policy"`, 90],
        [`${of('/same')}, origin="policy"`, 60],
      ],
    ],
    [
      sources.deadline,
      [
        [of('/good'), now + 60],
        [of('/not-pushed-since'), now - 90],
        [of('/same'), now - 60],
      ],
    ],
  ])
})

test('a source that is overdue for any reason has a row with the reason', async (context) => {
  const every = [...origins, 'never']
  const series = every.flatMap((origin, index) =>
    sourceIn('job="kopia", instance="h"', `/${origin}`, index + 1, origin),
  )
  const rows = every.map(
    (origin, index) => [`user="u", host="h", path="/${origin}", origin="${origin}"`, index + 1] as const,
  )
  await assertResults(context, series, [[sources.overdueSeconds, rows]])
})

/** A source with 100 files and this limit. */
function limited(path: string, limit: number): readonly Series[] {
  const labels = `job="kopia", instance="h", user="u", host="h", path="${path}"`
  return [
    steady(`kopia_backup_files{${labels}}`, 100),
    steady(`kopia_backup_changed_ratio_limit{${labels}}`, limit),
  ]
}

test('the limit of changed files is in files, and left out where nothing exceeds it', async (context) => {
  const series = [...limited('/quiet', 0.5), ...limited('/lively', 1)]
  await assertResults(context, series, [
    [sources.changedFilesLimit, [['user="u", host="h", path="/quiet"', 50]]],
  ])
})

test('more limits than three are not drawn', async (context) => {
  const paths = ['/1', '/2', '/3']
  const series = paths.flatMap((path) => limited(path, 0.5))
  const limits = paths.map((path) => [`user="u", host="h", path="${path}"`, 50] as const)
  await assertResults(context, series, [[sources.changedFilesLimit, limits]])
  await assertResults(context, [...series, ...limited('/4', 0.5)], [[sources.changedFilesLimit, []]])
})

test('the size is compared with a baseline that is not empty', async (context) => {
  const sized = (path: string, size: number, baseline: number) => {
    const labels = `job="kopia", instance="h", user="u", host="h", path="${path}"`
    return [
      steady(`kopia_backup_size_bytes{${labels}}`, size),
      steady(`kopia_backup_size_baseline_bytes{${labels}}`, baseline),
    ]
  }
  await assertResults(
    context,
    [...sized('/shrunk', 500, 1000), ...sized('/was-empty', 500, 0)],
    [[sources.sizeOfBaseline, [['user="u", host="h", path="/shrunk"', 0.5]]]],
  )
})

/** A source of which verifications are known: when the last one succeeded, and what the last verdict counted. */
function verified(path: string, provedAt: number | undefined, errors: Readonly<Record<string, number>>) {
  const labels = `job="kopia", instance="h", user="u", host="h", path="${path}"`
  return [
    steady(`kopia_backup_first_seen_timestamp_seconds{${labels}}`, now - 20 * day),
    ...(provedAt === undefined
      ? []
      : [
          steady(`kopia_verify_last_success_timestamp_seconds{${labels}}`, provedAt),
          steady(`kopia_verify_read_bytes{${labels}}`, 1000),
        ]),
    ...Object.entries(errors).map(([kind, count]) =>
      steady(`kopia_verify_errors{${labels}, kind="${kind}"}`, count),
    ),
  ]
}

test('a proof counts until damage is found, and a time limit is none', async (context) => {
  const of = (path: string) => `user="u", host="h", path="${path}"`
  const none = { missing_blob: 0, checksum: 0, read: 0, differs: 0, timeout: 0 }
  const series = [
    ...verified('/proved', now - hour, none),
    ...verified('/damaged', now - day, { ...none, checksum: 2, read: 1 }),
    ...verified('/slow', now - 2 * day, { ...none, timeout: 1 }),
    ...verified('/never', undefined, {}),
  ]
  await assertResults(context, series, [
    [
      proofs.provedAt,
      [
        [of('/damaged'), noProof.unreadable],
        [of('/never'), noProof.never],
        [of('/proved'), 1000 * (now - hour)],
        [of('/slow'), 1000 * (now - 2 * day)],
      ],
    ],
    [
      proofs.oldestAges,
      [
        [of('/damaged'), day],
        [of('/proved'), hour],
        [of('/slow'), 2 * day],
      ],
    ],
    [proofs.readBytes, [['', 3000]]],
  ])
})

test('the ages of ten sources are drawn, those of the oldest proofs', async (context) => {
  const days = Array.from({ length: 11 }, (_, index) => index + 1)
  const series = days.flatMap((age) => verified(`/${age}`, now - age * day, {}))
  const drawn = days.slice(1).map((age) => [`user="u", host="h", path="/${age}"`, age * day] as const)
  await assertResults(context, series, [[proofs.oldestAges, drawn]])
})

test('nobody is asked to run verify where the agent does', async (context) => {
  const agentOf = (machine: string) =>
    steady(`kopia_agent_build_info{job="kopia", instance="${machine}", version="1"}`, 1)
  const attempt = 'kopia_verify_last_attempt_timestamp_seconds'
  const series = [
    agentOf('verifies'),
    steady(
      `${attempt}{job="kopia", instance="verifies", user="u", host="verifies", path="/data"}`,
      now - day,
    ),
    agentOf('does-not'),
  ]
  await assertResults(context, series, [
    [repositories.taskResult, [['instance="does-not", task="snapshot verify"', results.never]]],
  ])
})
