import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { createLedger, emptyLedger, type LedgerData } from '../../agent/ledger/ledger.ts'
import type { AgentFacts, CallResult } from '../../agent/metrics/agent-metrics.ts'
import { definitions, type Metric } from '../../agent/metrics/definitions.ts'
import { createMetricsRegistry, type MetricsRegistry } from '../../agent/metrics/registry.ts'
import { defaultLimitSettings } from '../support/limits.ts'
import { piecesOf, readInTurns } from '../support/pieces.ts'
import { parseExposition } from '../support/prometheus.ts'
import { tool } from '../support/tools.ts'

type Fixture = {
  readonly ledger: LedgerData
  readonly runningSince: Readonly<Record<string, number>>
  readonly agent: AgentFacts
  readonly kopiaCalls: readonly (readonly [command: string, result: CallResult])[]
  readonly pushFailures: number
  readonly unattributedRuns: number
  readonly unexplainedSnapshots: number
}

const fixtures = new URL('../fixtures/metrics/', import.meta.url)
/** Three and a half hours after the newest snapshot of the fixture. */
const fixtureNow = 1_795_530_700
const facts: AgentFacts = {
  version: '1',
  alwaysOn: true,
  heartbeatSeconds: undefined,
  keptBy: 'gateway',
  repositoryReachable: undefined,
  repositoryChanged: false,
  processesVisible: undefined,
}

async function registryOf(name: string): Promise<MetricsRegistry> {
  const fixture: Fixture = JSON.parse(await readFile(new URL(`${name}.json`, fixtures), 'utf8'))
  const registry = createMetricsRegistry({
    ledger: createLedger(fixture.ledger),
    runningSince: () => new Map(Object.entries(fixture.runningSince)),
    limits: { ...defaultLimitSettings, verifySchedule: '30 4 * * *' },
    nowSeconds: () => fixtureNow,
    agent: () => fixture.agent,
  })
  for (const [command, result] of fixture.kopiaCalls) registry.countKopiaCall(command, result)
  for (let count = 0; count < fixture.pushFailures; count += 1) registry.countPushFailure()
  for (let count = 0; count < fixture.unattributedRuns; count += 1) registry.countUnattributedRun()
  for (let count = 0; count < fixture.unexplainedSnapshots; count += 1) registry.countUnexplainedSnapshot()
  return registry
}

async function textOf(registry: MetricsRegistry): Promise<string> {
  return (await piecesOf(registry.text())).join('')
}

/** The lines in order, and the labels of each in order: both orders mean nothing to Prometheus. */
function inOrder(text: string): readonly string[] {
  const lines = text.split('\n').map((line) =>
    line.replace(/\{(.*)\}(?= \S+$)/s, (_, labels: string) => {
      const pairs = labels.match(/\w+="(?:[^"\\]|\\.)*"/g) ?? []
      assert.equal(pairs.join(','), labels)
      return `{${pairs.sort()}}`
    }),
  )
  return lines.sort()
}

function source(path: string) {
  return { user: 'root', host: 'vm', path }
}

// Of the golden texts only the order of lines and labels may differ.
for (const name of ['everything', 'nothing']) {
  test(`the text of the fixture "${name}" has the same lines as the golden text`, async () => {
    const golden = await readFile(new URL(`${name}.prom`, fixtures), 'utf8')
    assert.deepEqual(inOrder(await textOf(await registryOf(name))), inOrder(golden))
  })
}

test('each metric is one block: HELP, TYPE, then all its samples', async () => {
  const lines = (await textOf(await registryOf('everything'))).trimEnd().split('\n')
  const named = lines.map((line) => ({ line, name: /^(?:# \w+ )?(\w+)/.exec(line)?.[1] ?? '' }))
  const blocks = named.filter(({ name }, index) => name !== named[index - 1]?.name)
  assert.deepEqual(blocks.map(({ name }) => name).sort(), Object.keys(definitions).sort())
  for (const [name, block] of Map.groupBy(named, (one) => one.name)) {
    const [help, type, ...samples] = block.map(({ line }) => line)
    assert.ok(help?.startsWith(`# HELP ${name} `))
    assert.ok(type?.startsWith(`# TYPE ${name} `))
    assert.ok(samples.length > 0 && samples.every((line) => line.startsWith(name)), name)
  }
})

test('every sample has exactly the labels that its definition names', async () => {
  const series = parseExposition(await textOf(await registryOf('everything')))
  for (const [name, metric] of Object.entries<Metric>(definitions)) {
    for (const { labels } of series.get(name) ?? [])
      assert.deepEqual(Object.keys(labels).sort(), [...metric.labels].sort(), name)
  }
})

/** Users already query this name, so it stays, although a gauge should not have this suffix. */
const knownComplaint =
  'kopia_snapshot_count non-histogram and non-summary metrics should not have "_count" suffix\n'

test('promtool complains about nothing but the one agreed name', async () => {
  const result = spawnSync(tool('promtool'), ['check', 'metrics'], {
    input: await textOf(await registryOf('everything')),
    encoding: 'utf8',
  })
  assert.deepEqual([result.stdout, result.stderr], ['', knownComplaint])
})

test('both results of a command exist from its first call on, so that increase() sees the first failure', async () => {
  const registry = createMetricsRegistry({
    ledger: createLedger(emptyLedger),
    runningSince: () => new Map(),
    limits: defaultLimitSettings,
    nowSeconds: () => 10,
    agent: () => facts,
  })
  const calls = async () =>
    (parseExposition(await textOf(registry)).get('kopia_agent_kopia_calls_total') ?? []).map(
      ({ labels, value }) => [labels.command, labels.result, value],
    )
  assert.deepEqual(await calls(), [])
  registry.countKopiaCall('snapshot list', 'success')
  registry.countKopiaCall('blob stats', 'failed')
  assert.deepEqual(await calls(), [
    ['snapshot list', 'success', 1],
    ['snapshot list', 'failed', 0],
    ['blob stats', 'success', 0],
    ['blob stats', 'failed', 1],
  ])
  registry.countKopiaCall('snapshot list', 'failed')
  assert.deepEqual((await calls())[1], ['snapshot list', 'failed', 1])
})

/** A registry over `count` sources whose text takes several pieces, and what changes all that it tells. */
function changingRegistry(count: number) {
  const ledger = createLedger({ ...emptyLedger, begunAt: 1 })
  for (let index = 0; index < count; index += 1) ledger.addSource(source(`/data/${index}`), 1)
  let version = 0
  const running = new Map<string, number>()
  const registry = createMetricsRegistry({
    ledger,
    runningSince: () => running,
    limits: defaultLimitSettings,
    nowSeconds: () => 10,
    agent: () => ({ ...facts, version: String(version) }),
  })
  const change = () => {
    version += 1
    for (let index = 0; index < count; index += 1) {
      const at = { startedAt: version, endedAt: version, durationSeconds: version }
      const errors = { fatal: version, ignored: version }
      ledger.addFinished({ source: source(`/data/${index}`), outcome: 'failed', ...at, errors }, version)
      running.set(`root@vm:/data/${index}`, version)
    }
    ledger.addSource(source(`/new/${version}`), version)
    ledger.addCommand('snapshot create', version)
    ledger.updateRepository({ contentsBytes: version })
    registry.countKopiaCall('snapshot list', 'failed')
    registry.countPushFailure()
  }
  return { registry, change }
}

test('texts that are read at the same time are each whole and of one moment', async () => {
  const { registry, change } = changingRegistry(300)
  change()
  const expected = await piecesOf(registry.text())
  assert.ok(expected.length > 3)
  const [one, other] = await readInTurns([registry.text(), registry.text()], () => undefined)
  assert.deepEqual([one, other], [expected.join(''), expected.join('')])
})

test('what changes while a text is read is only in texts that begin later', async () => {
  const { registry, change } = changingRegistry(300)
  change()
  const expected = await textOf(registry)
  const early = registry.text()
  const { value: first = '' } = await early.next()
  change()
  const expectedLater = await textOf(registry)
  assert.notEqual(expectedLater, expected)
  const late = registry.text()
  const { value: firstLater = '' } = await late.next()
  const [rest, restLater] = await readInTurns([early, late], change)
  assert.deepEqual([first + rest, firstLater + restLater], [expected, expectedLater])
})

test('every piece ends with a whole line', async () => {
  const { registry, change } = changingRegistry(300)
  change()
  const pieces = await piecesOf(registry.text())
  assert.ok(pieces.length > 3)
  for (const piece of pieces) assert.equal(piece.at(-1), '\n')
})
