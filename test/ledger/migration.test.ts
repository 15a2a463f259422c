// A ledger of version 1, as an earlier agent wrote it beside a real Kopia, is read by this one.

import assert from 'node:assert/strict'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { newRun, type Run } from '../../agent/kopia/runs/run.ts'
import { createLedger, emptyLedger } from '../../agent/ledger/ledger.ts'
import { migrateLedger, NewerLedgerError } from '../../agent/ledger/migration.ts'
import { loadLedger, lookAtLedger, saveLedger } from '../../agent/ledger/store.ts'
import { statusOf } from '../../agent/status/status.ts'
import { firstLedgerText } from '../support/first-release.ts'
import { temporaryFolder } from '../support/folder.ts'
import { defaultLimitSettings } from '../support/limits.ts'
import { start } from '../support/processes.ts'
import { agentEntry } from '../support/stack.ts'

/**
 * Written by the last agent of ledger version 1, with `always_on=false`, a repository and six sources, while two runs were open: `snapshot create`
 * of two sources, one of them created, and a server that waits for an action. Only the folder of the sources was renamed.
 */
const fixture = new URL('../fixtures/ledgers/version-1.json', import.meta.url)

/** The text of the fixture under its new names, and nothing else changed. */
const renamedText = (text: string) =>
  text
    .replaceAll('"toldBy":', '"origin":')
    .replaceAll('"claim":', '"reportedResult":')
    .replaceAll('"claimedAt":', '"reportedAt":')
    .replace('"awakeQuarters":', '"uptimeQuarters":')
    .replace('{"version":1,', '{"version":2,')

function openAttempts(run: Run | undefined) {
  assert.ok(run?.state === 'open')
  return [run.evidence, run.preview].map(({ attempts }) => attempts)
}

test('version 1 is migrated: renamed fields, and everything else as it was', async () => {
  const text = await readFile(fixture, 'utf8')
  for (const name of ['toldBy', 'claim', 'claimedAt', 'awakeQuarters']) assert.ok(text.includes(`"${name}":`))
  assert.deepEqual(migrateLedger(JSON.parse(text)), JSON.parse(renamedText(text)))
})

test('after the migration counters, open runs and uptime go on', async () => {
  const data = migrateLedger(JSON.parse(await readFile(fixture, 'utf8')))
  const runs = new Map(Object.entries(data.runs))
  const command = [...runs.values()].find((run) => run.state === 'open' && run.command === 'snapshot-create')
  for (const [created, waiting] of openAttempts(command)) {
    assert.deepEqual(
      [created?.origin, created?.reportedResult?.kind, typeof created?.reportedAt],
      ['command', 'created', 'number'],
    )
    assert.deepEqual([waiting?.origin, waiting?.reportedResult], ['command', undefined])
  }
  const server = [...runs.values()].find((run) => run.state === 'open' && run.command === 'server-start')
  for (const attempts of openAttempts(server)) assert.deepEqual(attempts[0]?.origin, 'server')
  const ledger = createLedger(data)
  assert.equal(ledger.uptimeQuarters?.length, 1)
  const broken = ledger.sources.get('root@vm:/srv/broken')
  assert.deepEqual(broken?.attempts, { success: 0, failed: 2, incomplete: 0 })
  const now = Number(broken?.lastFailureAt) + 100
  const source = { user: 'root', host: 'vm', path: '/srv/broken' }
  const errors = { fatal: 0, ignored: 0 }
  const attempt = { source, startedAt: now - 1, endedAt: now, durationSeconds: 1, errors }
  ledger.addFinished({ ...attempt, outcome: 'success' }, now)
  assert.deepEqual(ledger.sources.get('root@vm:/srv/broken')?.attempts, {
    success: 1,
    failed: 2,
    incomplete: 0,
  })
})

test('a ledger of version 1 on disk is loaded, shown and saved as version 2', async (context) => {
  const folder = await temporaryFolder(context)
  const text = await readFile(fixture, 'utf8')
  await writeFile(join(folder, 'ledger.json'), text)
  const expected = JSON.parse(renamedText(text))
  const seen = await lookAtLedger(folder)
  assert.deepEqual(seen.kind === 'loaded' && seen.data, expected)
  assert.equal(await readFile(join(folder, 'ledger.json'), 'utf8'), text)
  const loaded = await loadLedger(folder, 1)
  assert.deepEqual(loaded, { kind: 'loaded', data: expected })
  await saveLedger(folder, createLedger(loaded.data).toData(new Map(Object.entries(loaded.data.runs))))
  const saved = JSON.parse(await readFile(join(folder, 'ledger.json'), 'utf8'))
  assert.deepEqual(saved, expected)
  assert.deepEqual(await readdir(folder), ['ledger.json'])
})

test('the ledger of 0.1.0 is migrated: its counters and runs go on, and what it lacks is filled in', async () => {
  const text = await firstLedgerText()
  const old: { sources: Record<string, { attempts: object }>; runs: object } = JSON.parse(text)
  const data = migrateLedger(JSON.parse(text))
  assert.deepEqual(
    [data.version, data.isPastRead, data.commands, Object.keys(data.runs)],
    [2, true, {}, Object.keys(old.runs)],
  )
  assert.deepEqual(
    Object.entries(data.sources).map(([name, { attempts }]) => [name, attempts]),
    Object.entries(old.sources).map(([name, { attempts }]) => [name, attempts]),
  )
  const failures = Object.entries(data.sources).map(([name, state]) => [
    name.replace('alex@pi:/data/', ''),
    state.consecutiveFailures,
    state.lastFailureAt,
  ])
  assert.deepEqual(failures, [
    ['documents', 0, undefined],
    ['photos', 0, undefined],
    ['music', 1, 1795855423.970865],
    ['broken', 2, 1795855426.411389],
    ['hooked', 0, undefined],
    ['slow', 0, undefined],
  ])
  const hooked = data.sources['alex@pi:/data/hooked']
  assert.deepEqual(hooked?.source, { user: 'alex', host: 'pi', path: '/data/hooked' })
  assert.deepEqual(hooked.lastAttempt?.errors, { fatal: 0, ignored: 0 })
  assert.deepEqual([hooked.held?.counts.all, hooked.lastSuccessAt], [2, 1795855428.703968])
  assert.deepEqual(data.runs['20261128-084352-5359-snapshot-create'], {
    ...newRun(5359, 'snapshot-create'),
    lastSignAt: 1795855433.7273893,
    process: '7128361',
  })
  // What reads a ledger can read this one.
  assert.deepEqual(createLedger(data).toData(new Map(Object.entries(data.runs))), data)
  const { sources } = statusOf(createLedger(data), defaultLimitSettings, new Map(), 1795855440)
  assert.equal(sources.length, 6)
})

test('the calls that 0.1.0 remembered of the hooks of an ended run have a phase, and the run ends again', () => {
  const call = { action: 'before', callId: 'a1', path: '/data', processId: 42, at: 1 }
  const evidence = { attempts: [], fatalErrors: [] }
  const run = {
    state: 'ended',
    endedAt: 2,
    processId: 42,
    command: '',
    readBytes: {},
    evidence,
    hookCalls: [call],
    lastSignAt: 1,
  }
  const data = migrateLedger({
    version: 1,
    sources: {},
    repository: { sizeBytes: 1 },
    runs: { 'hooks-42-a1': run },
  })
  const hookCalls = [{ phase: 'call', ...call }]
  assert.deepEqual(data.runs['hooks-42-a1'], { ...newRun(42, ''), hookCalls, lastSignAt: 1 })
  assert.deepEqual([data.repository, data.isPastRead], [{}, undefined])
})

test('a ledger of this version is not changed', () => {
  assert.equal(migrateLedger(emptyLedger), emptyLedger)
})

test('a ledger of a newer version is refused in one line, and the file stays', async (context) => {
  const folder = await temporaryFolder(context)
  const path = join(folder, 'ledger.json')
  const text = '{"version":3,"sources":{},"unheardOf":1}'
  await writeFile(path, text)
  const reason =
    'it has version 3, written by a newer kopia-metrics-agent; this one reads versions up to 2: ' +
    'install that version again, or move the file away'
  assert.throws(() => migrateLedger(JSON.parse(text)), new NewerLedgerError(3))
  await assert.rejects(loadLedger(folder, 1), {
    message: `${path} can't be used: ${reason}`,
  })
  assert.deepEqual(await lookAtLedger(folder), { kind: 'unreadable', reason, cause: 'newer version' })
  assert.deepEqual([await readdir(folder), await readFile(path, 'utf8')], [['ledger.json'], text])
})

test('the agent ends on a newer ledger with one line that says what to do', async (context) => {
  const folder = await temporaryFolder(context)
  await writeFile(join(folder, 'ledger.json'), '{"version":3}')
  const environment = { KOPIA_METRICS_STATE_DIR: folder, KOPIA_METRICS_LISTEN: '' }
  const running = start('agent', process.execPath, [agentEntry, 'run'], { environment })
  assert.equal(await running.ended, 1)
  assert.match(
    running.output(),
    /^\S+ ERROR .*ledger\.json can't be used: it has version 3, .* move the file away\n$/,
  )
  assert.deepEqual(await readdir(folder), ['ledger.json'])
})
