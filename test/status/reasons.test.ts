// Why something failed, as the table and the JSON show it.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLedger, emptyLedger, type Ledger } from '../../agent/ledger/ledger.ts'
import { statusJson } from '../../agent/status/json.ts'
import { overallState, problemCount, statusOf } from '../../agent/status/status.ts'
import { summaryWords } from '../../agent/status/summary-words.ts'
import { type Paint, statusTable } from '../../agent/status/table.ts'
import { widthOf, wrapped } from '../../agent/status/text-width.ts'
import { hostileReason, hour, ledgerOf, now, troubledLedger } from '../support/ledgers.ts'
import { defaultLimitSettings } from '../support/limits.ts'

const plain: Paint = (_, text) => text
const statusAt = (ledger: Ledger) => statusOf(ledger, defaultLimitSettings, new Map(), now)

function fineLedger(...paths: readonly string[]): Ledger {
  return ledgerOf(
    paths.map((path) => ({
      source: { user: 'root', host: 'vm', path },
      lastSuccessAgo: hour,
      snapshots: 10,
    })),
  )
}

const repository = { user: 'root', host: 'vm', storageType: 's3', areActionsEnabled: true } as const

test('the table shows why each attempt and command failed, and what to do about another repository', () => {
  const table = statusTable(statusAt(troubledLedger()), { columns: 96, paint: plain })
  assert.equal(
    table,
    `Kopia is connected to another repository; 1 command failed; 3 failing of 4 sources on
root@server-0
! Kopia is connected to another repository (beef) than the one known here (ed00): connect it to
the known one again, or run "kopia-metrics-agent forget --sources" to accept the other one
! the last "kopia snapshot verify" failed: Kopia ended with:
<script>alert(1)</script>"'&amp;\\n\\u{1b}[31m é

  STATE    SOURCE     LAST SUCCESS     NEXT        TOOK     SIZE  LAST DURATIONS  FILES
✗ failing  /failed         1 h ago  in 22 h       5.0 s   4.4 GB  ▆██×            1,000
           the last attempt failed 1 min ago
           Kopia ended with: <script>alert(1)</script>"'&amp;\\n\\u{1b}[31m é
✗ failing  /gone           1 h ago  in 22 h  1 min 50 s   5.5 GB  █▅▆             3,000
           the repository holds no snapshot of it any more (since 2026-11-24 09:00 UTC)
✗ failing  /unproven       1 h ago  in 22 h  1 min 28 s   4.4 GB  █▇▄             2,000
           the last attempt reported a success 10 min ago, but nothing proves it
           flush error: disk full
✓ fine     /fine           1 h ago  in 22 h  5 min 27 s  16.4 GB  ▄▆█             4,000
`,
  )
})

test('a failed command is told with its reason; a failing source hides only that of snapshot create', () => {
  const ledger = fineLedger('/a')
  ledger.addCommand('snapshot create', now, 'Kopia ended with: open repository: wrong password')
  ledger.addCommand('snapshot verify', now, 'its log stops at 11:58:00 UTC')
  const status = statusAt(ledger)
  assert.deepEqual(status.failedCommands, [
    { command: 'snapshot create', reason: 'Kopia ended with: open repository: wrong password' },
    { command: 'snapshot verify', reason: 'its log stops at 11:58:00 UTC' },
  ])
  assert.match(
    statusTable(status, { columns: undefined, paint: plain }),
    /^! the last "kopia snapshot create" failed: Kopia ended with: open repository: wrong password$/m,
  )
  ledger.addFinished(
    {
      source: { user: 'root', host: 'vm', path: '/a' },
      outcome: 'failed',
      startedAt: now,
      endedAt: now,
      durationSeconds: 0,
      errors: { fatal: 0, ignored: 0 },
    },
    now,
  )
  assert.deepEqual(
    statusAt(ledger).failedCommands.map(({ command }) => command),
    ['snapshot verify'],
  )
})

test('"backed up" stands in the summary only if nothing else has failed', () => {
  const summaries = (ledger: Ledger) => {
    const alone = summaryWords(statusAt(ledger))
    ledger.addCommand('snapshot create', now, 'it broke')
    const withCommand = summaryWords(statusAt(ledger))
    ledger.updateRepository({ changedTo: { ...repository, repositoryId: 'beef' } })
    return [alone, withCommand, summaryWords(statusAt(ledger))]
  }
  assert.deepEqual(summaries(fineLedger('/a', '/b')), [
    'All 2 sources are backed up',
    '1 command failed; the last attempts of all 2 sources succeeded',
    'Kopia is connected to another repository; 1 command failed; the last attempts of all 2 sources succeeded',
  ])
  assert.deepEqual(summaries(fineLedger('/a')).slice(0, 2), [
    'The one source is backed up',
    '1 command failed; the last attempt of the one source succeeded',
  ])
  const withNew = fineLedger('/a', '/b')
  withNew.addSource({ user: 'root', host: 'vm', path: '/new' }, now)
  assert.deepEqual(summaries(withNew).slice(0, 2), [
    '2 of 3 sources backed up, the others are new',
    '1 command failed; the last attempts of 2 of 3 sources succeeded',
  ])
  assert.deepEqual(summaries(createLedger(emptyLedger)), [
    'No sources known yet',
    '1 command failed',
    'Kopia is connected to another repository; 1 command failed',
  ])
})

test('a failed command and another repository need attention, and the whole looks so', () => {
  const ledger = fineLedger('/a')
  const overall = () => [problemCount(statusAt(ledger)), overallState(statusAt(ledger))]
  assert.deepEqual(overall(), [0, 'fine'])
  ledger.addCommand('maintenance run', now, 'it broke')
  assert.deepEqual(overall(), [1, 'overdue'])
  ledger.updateRepository({ changedTo: { ...repository, repositoryId: 'beef' } })
  assert.deepEqual(overall(), [2, 'failing'])
})

test('JSON has the reasons, and the ids of both repositories', () => {
  const parsed = JSON.parse(
    statusJson({
      status: statusAt(troubledLedger()),
      agent: { processId: undefined, ledgerSavedAt: now },
      doubts: [],
    }),
  )
  assert.deepEqual(parsed.failed_commands, ['snapshot verify'])
  assert.deepEqual(parsed.failed_command_reasons, { 'snapshot verify': hostileReason })
  assert.deepEqual([parsed.repository_id, parsed.changed_repository_id], ['ed00', 'beef'])
  const rows = parsed.sources.map((source: Record<string, unknown>) => [
    source.path,
    source.state,
    source.last_attempt_reason,
    source.unproven_since_timestamp_seconds,
    source.no_snapshots_since_timestamp_seconds,
  ])
  assert.deepEqual(rows, [
    ['/failed', 'failing', hostileReason, null, null],
    ['/gone', 'failing', null, null, now - 3 * hour],
    ['/unproven', 'failing', 'flush error: disk full', now - 600, null],
    ['/fine', 'fine', null, null, null],
  ])
})

test('a long path in a reason is split, so that no line is wider than the terminal', () => {
  const path = '/srv/写真/'.repeat(20)
  for (const columns of [3, 20, 80]) {
    const lines = wrapped(`1 file could not be read: ${path} (denied)`, columns)
    assert.equal(lines.join('').replaceAll(' ', ''), `1filecouldnotberead:${path}(denied)`)
  }
  const ledger = troubledLedger()
  for (const columns of [24, 40, 80])
    for (const line of statusTable(statusAt(ledger), { columns, paint: plain }).split('\n'))
      assert.ok(widthOf(line) <= columns, line)
})
