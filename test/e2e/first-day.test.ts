// The first push of an agent on its first day: deadlines, baselines and limits, from the manifests that the repository holds.

import assert from 'node:assert/strict'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { runAgentCommandWith } from '../support/agent-command.ts'
import { breakAction, createLab, type Lab } from '../support/lab.ts'
import { makeManifests, type PastSnapshot } from '../support/past/manifests.ts'
import { type AgentSetup, expectedIntervals, pastSources } from '../support/past/sources.ts'
import { day, hour } from '../support/past/times.ts'
import { parseExposition, type Series, scrape } from '../support/prometheus.ts'
import { type Service, startPushgateway } from '../support/stack.ts'
import { waitFor } from '../support/wait.ts'

type Metrics = ReadonlyMap<string, readonly Series[]>

const manyFiles = 200

/** The sources of the table, and those whose files or retention are of their own. All exist before the first agent starts. */
async function makePast(lab: Lab, now: number) {
  const sources = await Promise.all(
    pastSources(now).map(async (source) => ({ ...source, path: await lab.makeSource(source.name) })),
  )
  const [thinned, planned, failing] = await Promise.all(
    ['thinned', 'planned', 'failing'].map((name) => lab.makeSource(name)),
  )
  assert.ok(thinned && planned && failing)
  await importPolicies(lab, [
    ...sources.flatMap(({ path, scheduling }) => (scheduling ? [{ path, scheduling }] : [])),
    { path: planned, scheduling: { timeOfDay: [{ hour: 3, min: 0 }] } },
    { path: thinned, retention: await defaultRetention(lab) },
  ])
  const ofOffice = sources.find(({ name }) => name === 'office-hours')
  const ofNights = sources.find(({ name }) => name === 'nightly')
  assert.ok(ofOffice && ofNights)
  const snapshots = [...sources, { ...ofOffice, path: thinned }].flatMap(({ path, starts, seconds }) =>
    starts.map((startedAt): PastSnapshot => ({ path, startedAt, endedAt: startedAt + seconds })),
  )
  const halved = await makeHalved(lab, ofNights.starts.at(-1) ?? 0)
  await makeManifests(lab.kopia, snapshots)
  for (const path of [planned, failing]) await breakAction(lab, path)
  assert.equal((await lab.kopia.run('snapshot', 'create', planned, failing)).exitCode, 1)
  return { sources, thinned, planned, failing, halved, hoursMade: ofOffice.starts.length }
}

/** The newest snapshot of this source has half the files. Before, a fifth of them changed at most, but for the very first. */
async function makeHalved(lab: Lab, night: number): Promise<string> {
  const path = join(lab.folder, 'sources', 'halved')
  await mkdir(path, { recursive: true })
  const files = Array.from({ length: manyFiles }, (_, index) => join(path, `${index}`))
  const write = (names: readonly string[], text: string) =>
    Promise.all(names.map((name) => writeFile(name, text)))
  const snapshot = (daysBefore: number) => {
    const startedAt = night - daysBefore * day
    return makeManifests(lab.kopia, [{ path, startedAt, endedAt: startedAt + 60 }])
  }
  await write(files, 'old')
  await snapshot(62)
  await snapshot(35)
  await write(files.slice(0, manyFiles / 5), 'new')
  await snapshot(20)
  await Promise.all(files.slice(manyFiles / 2).map((file) => rm(file)))
  await snapshot(0)
  return path
}

type OwnPolicy = { readonly path: string; readonly scheduling?: unknown; readonly retention?: unknown }

/** The global policy keeps everything, so that only the policies of sources thin the past. */
async function importPolicies({ kopia, folder }: Lab, policies: readonly OwnPolicy[]): Promise<void> {
  const { clientOptions } = JSON.parse((await kopia.must('repository', 'status', '--json')).output)
  const { username, hostname } = clientOptions
  const entries = policies.map(({ path, ...fields }) => [`${username}@${hostname}:${path}`, fields])
  const file = join(folder, 'policies.json')
  await writeFile(file, JSON.stringify(Object.fromEntries(entries)))
  await kopia.must('policy', 'import', `--from-file=${file}`)
  await kopia.must('policy', 'set', '--global', '--keep-latest=10000')
}

async function defaultRetention({ kopia }: Lab): Promise<unknown> {
  return JSON.parse((await kopia.must('policy', 'show', '--global', '--json')).output).retention
}

/** The value of a metric for a path, in the only series of it; undefined if there is none. */
function figureOf(metrics: Metrics, name: string, path: string): number | undefined {
  const series = (metrics.get(name) ?? []).filter(({ labels }) => labels.path === path)
  assert.ok(series.length <= 1, `${name} of ${path}: expected one series, found ${series.length}`)
  return series[0]?.value
}

/** Origin and time of the deadline of a path; fails unless it has exactly one series. */
function deadlineOf(metrics: Metrics, path: string) {
  const series = (metrics.get('kopia_backup_deadline_timestamp_seconds') ?? []).filter(
    ({ labels }) => labels.path === path,
  )
  assert.equal(series.length, 1, `deadlines of ${path}`)
  return { origin: series[0]?.labels.origin, at: series[0]?.value }
}

type Past = Awaited<ReturnType<typeof makePast>>

function checkDeadlines(metrics: Metrics, past: Past, setup: AgentSetup): void {
  const found = past.sources.map(({ name, path }) => ({ name, ...deadlineOf(metrics, path) }))
  const expected = past.sources.map((source) => {
    const { origin, at } = source.expected(setup)
    return { name: source.name, origin, at }
  })
  assert.deepEqual(found, expected)
  for (const path of [past.planned, past.failing]) {
    const firstSeenAt = figureOf(metrics, 'kopia_backup_first_seen_timestamp_seconds', path) ?? Number.NaN
    assert.deepEqual(deadlineOf(metrics, path), { origin: 'never', at: firstSeenAt + day })
  }
}

/** What retention has deleted looks like a pause: the deadline is not earlier for it, and four intervals and three days at most. */
function checkThinned(metrics: Metrics, { sources, thinned, hoursMade }: Past, setup: AgentSetup): void {
  const whole = sources.find(({ name }) => name === 'office-hours')?.expected(setup)
  assert.ok(whole?.dueAt !== undefined)
  const kept = (metrics.get('kopia_snapshot_count') ?? []).find(
    ({ labels }) => labels.path === thinned && labels.type === 'all',
  )?.value
  assert.ok(kept !== undefined && kept < hoursMade, `${kept} of ${hoursMade} snapshots are kept`)
  const { origin, at = 0 } = deadlineOf(metrics, thinned)
  const latest = whole.dueAt - hour + 4 * hour + 3 * day
  assert.equal(origin, 'learned')
  assert.ok(at >= whole.at && at <= latest, `${whole.at} ≤ ${at} ≤ ${latest}`)
}

/** Baselines need two weeks of history, and a limit of changes 50 files. */
function checkBaselines(metrics: Metrics, { sources, halved }: Past, now: number): void {
  const hasBaseline = (path: string) =>
    ['kopia_backup_size_baseline_bytes', 'kopia_backup_files_baseline'].map(
      (name) => figureOf(metrics, name, path) !== undefined,
    )
  const found = sources.map(({ name, path }) => ({ name, baselines: hasBaseline(path) }))
  const expected = sources.map(({ name, starts: [first = 0], seconds }) => {
    const isOld = first + seconds <= now - 14 * day
    return { name, baselines: [isOld, isOld] }
  })
  assert.deepEqual(found, expected)
  for (const { path } of sources) {
    assert.equal(figureOf(metrics, 'kopia_backup_changed_ratio_limit', path), undefined)
  }
  const bytesEach = 'old'.length
  assert.deepEqual(
    [
      'kopia_backup_files',
      'kopia_backup_files_baseline',
      'kopia_backup_size_bytes',
      'kopia_backup_size_baseline_bytes',
      'kopia_backup_changed_ratio_limit',
    ].map((name) => figureOf(metrics, name, halved)),
    // Half is below 0.7 of the baseline. The limit is three times the fifth that changed once.
    [manyFiles / 2, manyFiles, (manyFiles / 2) * bytesEach, manyFiles * bytesEach, 3 * 0.2],
  )
}

function settingsFor({ zone, grace }: AgentSetup): NodeJS.ProcessEnv {
  return {
    TZ: zone,
    KOPIA_METRICS_EXPECTED_INTERVAL: expectedIntervals,
    KOPIA_METRICS_OVERDUE_GRACE: String(grace),
  }
}

/** Resolves with what the gateway holds as soon as it has taken a push. */
function firstPush(gateway: Service): Promise<Metrics> {
  return waitFor('the first push', async () => {
    const metrics = await scrape(gateway.url)
    return metrics.has('push_time_seconds') ? metrics : undefined
  })
}

async function checkDaemon(lab: Lab, past: Past, now: number): Promise<void> {
  const setup = { zone: 'Europe/Berlin', grace: 0.5 }
  const pushed = firstPush(lab.gateway)
  const agent = await lab.startAgent(settingsFor(setup))
  for (const metrics of [await pushed, await scrape(agent.url)]) {
    checkDeadlines(metrics, past, setup)
    checkThinned(metrics, past, setup)
    checkBaselines(metrics, past, now)
  }
  const metrics = await scrape(agent.url)
  await checkStatus(lab, past, setup, metrics)
  await checkPage(agent, past, setup)
}

/** `status --json` and the metrics are made by two processes from the same ledger. */
async function checkStatus(lab: Lab, past: Past, setup: AgentSetup, metrics: Metrics): Promise<void> {
  const { output } = await runAgentCommandWith(lab, settingsFor(setup), 'status', '--json')
  const { sources }: { sources: Record<string, unknown>[] } = JSON.parse(output)
  const shown = new Map(sources.map((source) => [source.path, source]))
  for (const { path, ...source } of past.sources) {
    const { origin, at, dueAt } = source.expected(setup)
    const json = shown.get(path)
    assert.deepEqual(
      [json?.deadline_origin, json?.deadline_timestamp_seconds, json?.next_expected_timestamp_seconds],
      [origin, at, dueAt ?? null],
      source.name,
    )
  }
  for (const path of [past.planned, past.failing, past.thinned, past.halved]) {
    const json = shown.get(path)
    assert.deepEqual(
      { origin: json?.deadline_origin, at: json?.deadline_timestamp_seconds },
      deadlineOf(metrics, path),
      path,
    )
  }
}

/** The page shows when each source is due, or that it is overdue. */
async function checkPage(agent: Service, past: Past, setup: AgentSetup): Promise<void> {
  const page = await (await fetch(`${agent.url}/`)).text()
  const rows = page.split('<tr ')
  const shownAt = Date.now() / 1000
  for (const { name, path, expected } of past.sources) {
    const row = rows.find((text) => text.includes(`<b>${path}</b>`)) ?? ''
    const { at, dueAt } = expected(setup)
    const time = dueAt === undefined ? undefined : new Date(dueAt * 1000).toISOString()
    const next = /aria-hidden="true">Next<\/span>(?:<time datetime="([^"]*)"[^>]*>)?([^<]*)/.exec(row)
    assert.equal(next?.[1], time, name)
    assert.equal(next?.[2] === 'overdue', at < shownAt && time !== undefined, name)
  }
}

/** One push of a fresh state directory to a gateway of its own. */
async function pushOnce(
  context: TestContext,
  lab: Lab,
  name: string,
  settings: NodeJS.ProcessEnv,
): Promise<Metrics> {
  const gateway = await startPushgateway()
  context.after(() => gateway.stop())
  const fresh = {
    KOPIA_METRICS_STATE_DIR: join(lab.folder, name),
    KOPIA_METRICS_PUSHGATEWAY_URL: gateway.url,
  }
  const { exitCode, output } = await runAgentCommandWith(lab, { ...settings, ...fresh }, 'push')
  assert.equal(exitCode, 0, output)
  return parseExposition(await (await fetch(`${gateway.url}/metrics`)).text())
}

test('a fresh agent knows deadlines, baselines and limits of all sources with its first push', async (context) => {
  const now = Date.now() / 1000
  const lab = await createLab(context)
  const past = await makePast(lab, now)
  await context.test('run, in Berlin: gateway, /metrics, status and page', () => checkDaemon(lab, past, now))
  await context.test('one push, in New York, with half the usual grace', async (inner) => {
    const setup = { zone: 'America/New_York', grace: 0.25 }
    const metrics = await pushOnce(inner, lab, 'once', settingsFor(setup))
    checkDeadlines(metrics, past, setup)
    checkThinned(metrics, past, setup)
    checkBaselines(metrics, past, now)
  })
  await context.test(
    'one push of a machine that sleeps: four hours awake after each deadline',
    async (inner) => {
      const setup = { zone: 'UTC', grace: 0.5 }
      const sleeps = { ...settingsFor(setup), KOPIA_METRICS_ALWAYS_ON: 'false' }
      const metrics = await pushOnce(inner, lab, 'asleep', sleeps)
      checkSleeping(metrics, past, setup)
    },
  )
})

const quarter = 900

/** The end of the sixteenth quarter of an hour after the deadline; where that has passed, after now. */
function checkSleeping(metrics: Metrics, { sources }: Past, setup: AgentSetup): void {
  const pushedAt = metrics.get('push_time_seconds')?.[0]?.value ?? 0
  for (const { name, path, expected } of sources.filter(({ name }) => !needsWeeks.has(name))) {
    const { origin, at } = expected(setup)
    const later = (Math.floor(at / quarter) + 17) * quarter
    const fromNow = (Math.floor(pushedAt / quarter) + 16) * quarter
    assert.deepEqual(deadlineOf(metrics, path), { origin, at: Math.max(later, fromNow) }, name)
  }
}

/** The weeks of such a machine say nothing of each other, so its deadlines do not follow nights and weekends. */
const needsWeeks = new Set(['office-hours', 'workdays', 'young'])
