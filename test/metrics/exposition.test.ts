import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { Counter, Gauge, Registry } from 'prom-client'
import { formatSource } from '../../agent/kopia/source.ts'
import { createLedger, emptyLedger } from '../../agent/ledger/ledger.ts'
import { createCallCounter } from '../../agent/metrics/call-counter.ts'
import { definitions, type Metric } from '../../agent/metrics/definitions.ts'
import { toText } from '../../agent/metrics/exposition.ts'
import type { SampleGroup } from '../../agent/metrics/sample-group.ts'
import { samplesOf } from '../../agent/metrics/samples.ts'
import { parseExposition } from '../support/prometheus.ts'
import { samplesIn } from '../support/samples.ts'
import { askedAt, makeSnapshot } from '../support/snapshots.ts'
import { tool } from '../support/tools.ts'

const source = { user: 'root', host: 'vm', path: '/data\n"quoted" \\ {} é' }

const snapshot = makeSnapshot({ source, files: 5, directories: 2, excludedFiles: 3 })

function everything(): readonly SampleGroup[] {
  const ledger = createLedger({ ...emptyLedger, begunAt: 1 })
  ledger.addSnapshots(source, [snapshot], askedAt(20))
  const errors = { fatal: 1, ignored: 2 }
  ledger.addFinished(
    { source, outcome: 'incomplete', startedAt: 30, endedAt: 31.5, durationSeconds: 1.5, errors },
    31.5,
  )
  ledger.addCommand('snapshot create', 'success', 31.5)
  ledger.updateRepository({
    status: {
      repositoryId: 'ed00',
      user: 'root',
      host: 'vm',
      storageType: 'filesystem',
      areActionsEnabled: true,
      capacityBytes: 1000,
      availableBytes: 400,
    },
    policies: [{ target: '', intervalSeconds: 60, minutesOfDay: [], cron: [], isManual: false }],
    maintenance: { quick: { lastSuccessAt: 1, nextAt: 2 }, full: { lastSuccessAt: 3, nextAt: 4 } },
    blobs: { count: 7, sizeBytes: 4096 },
    contentsBytes: 5000,
  })
  const calls = createCallCounter()
  calls.count('snapshot list', true)
  const agent = {
    version: '1.2.3',
    alwaysOn: true,
    heartbeatSeconds: 300,
    repositoryReachable: true,
    pushFailures: 2,
    kopiaCalls: calls.all(),
  }
  return [...samplesOf({ ledger, runningSince: new Map([[formatSource(source), 40]]), agent })]
}

function textOf(groups: Iterable<SampleGroup>): string {
  return Buffer.concat([...toText(groups)]).toString()
}

test('the text is the one that prom-client writes, also for names that need escapes and for odd numbers', async () => {
  const values = [0, -1.5, 1e21, 1e-7, 2 ** 53]
  const subjects = values.map((_, index) => ({
    user: '\\n',
    host: 'a"b\\',
    path: `\n${index}\u2028 {},="é😀\ufffd`,
  }))
  const odd: SampleGroup = { name: 'kopia_backup_size_bytes', subjects, values }
  const groups = [...everything().filter(({ name }) => name !== odd.name), odd]
  assert.deepEqual(linesOf(textOf(groups)), linesOf(await textOfLibrary(groups)))
})

test('a picture of any size comes in pieces, which together are the picture', () => {
  const subjects = Array.from({ length: 5000 }, (_, index) => ({ ...source, path: `/data/${index}` }))
  const values = subjects.map((_, index) => (index % 3 === 0 ? undefined : index))
  const pieces = [...toText([{ name: 'kopia_backup_status', subjects, values }])]
  assert.ok(pieces.length > 3)
  const head = /^# HELP kopia_backup_status .*\n# TYPE kopia_backup_status gauge\n/
  const lines = Buffer.concat(pieces).toString().replace(head, '').trimEnd().split('\n')
  assert.deepEqual(
    lines,
    subjects.flatMap(({ path }, index) =>
      index % 3 === 0 ? [] : [`kopia_backup_status{user="root",host="vm",path="${path}"} ${index}`],
    ),
  )
})

test('a line is never cut, however long it is', () => {
  const subjects = [10, 100_000, 20, 200_000].map((length) => ({ ...source, path: 'é'.repeat(length) }))
  const values = subjects.map((_, index) => index + 0.5)
  const pieces = [...toText([{ name: 'kopia_backup_status', subjects, values }])]
  for (const piece of pieces) assert.equal(piece.at(-1), '\n'.charCodeAt(0))
  const lines = Buffer.concat(pieces).toString().trimEnd().split('\n').slice(2)
  assert.deepEqual(
    lines,
    subjects.map(
      ({ path }, index) => `kopia_backup_status{user="root",host="vm",path="${path}"} ${index + 0.5}`,
    ),
  )
})

function linesOf(text: string): readonly string[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .sort()
}

function textOfLibrary(groups: readonly SampleGroup[]): Promise<string> {
  const registry = new Registry()
  for (const [name, ofName] of Map.groupBy(groups, (group) => group.name)) {
    const { help, labels: labelNames, type }: Metric = definitions[name]
    const configuration = { name, help, labelNames, registers: [registry] }
    const metric = type === 'counter' ? new Counter(configuration) : new Gauge(configuration)
    for (const { labels, value } of ofName.flatMap(samplesIn)) metric.inc(labels, value)
  }
  return registry.metrics()
}

/** A name that users query already and that is kept for them, though a gauge should not be called so. */
const knownComplaint =
  'kopia_snapshot_count non-histogram and non-summary metrics should not have "_count" suffix\n'

test('promtool finds nothing to say about the metrics but for one old name', async () => {
  const result = spawnSync(tool('promtool'), ['check', 'metrics'], {
    input: textOf(everything()),
    encoding: 'utf8',
  })
  assert.deepEqual([result.stdout, result.stderr], ['', knownComplaint])
})

test('a call that fails for the first time is seen by increase(): its counter was there before', () => {
  const calls = createCallCounter()
  calls.count('snapshot list', true)
  calls.count('snapshot list', false)
  calls.count('blob stats', true)
  assert.deepEqual(calls.all(), [
    { command: 'snapshot list', result: 'success', count: 1 },
    { command: 'snapshot list', result: 'failed', count: 1 },
    { command: 'blob stats', result: 'success', count: 1 },
    { command: 'blob stats', result: 'failed', count: 0 },
  ])
})

test('the picture is the ledger', async () => {
  const series = parseExposition(textOf(everything()))
  const labels = { ...source }
  assert.deepEqual(series.get('kopia_backup_status'), [{ name: 'kopia_backup_status', labels, value: 0 }])
  assert.deepEqual(
    series.get('kopia_backup_duration_seconds')?.map(({ labels, value }) => [labels.status, value]),
    [['incomplete', 1.5]],
  )
  assert.deepEqual(
    series.get('kopia_backup_attempts_total')?.map(({ labels, value }) => [labels.status, value]),
    [
      ['success', 0],
      ['failed', 0],
      ['incomplete', 1],
    ],
  )
  const figures = [
    'kopia_backup_size_bytes',
    'kopia_repository_size_bytes',
    'kopia_backup_last_success_timestamp_seconds',
    'kopia_backup_last_attempt_timestamp_seconds',
  ]
  assert.deepEqual(
    figures.map((name) => series.get(name)?.[0]?.value),
    [100, 4096, 12, 31.5],
  )
})

test('every sample has the labels that the catalogue declares, and every metric of it appears', async () => {
  const series = parseExposition(textOf(everything()))
  assert.deepEqual([...series.keys()].sort(), Object.keys(definitions).sort())
  for (const [name, metric] of Object.entries<Metric>(definitions)) {
    for (const { labels } of series.get(name) ?? [])
      assert.deepEqual(Object.keys(labels).sort(), [...metric.labels].sort(), name)
  }
})
