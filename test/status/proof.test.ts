// What the status says of verifications: state, notes, column, JSON, exit code.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Ledger } from '../../agent/ledger/ledger.ts'
import { noVerifyErrors } from '../../agent/ledger/proof.ts'
import { statusJson } from '../../agent/status/json.ts'
import { proofNotes, unreadableWords } from '../../agent/status/proof-words.ts'
import { overallState, problemCount, type SourceStatus, statusOf } from '../../agent/status/status.ts'
import { summaryWords } from '../../agent/status/summary-words.ts'
import { type Paint, statusTable } from '../../agent/status/table.ts'
import { widthOf } from '../../agent/status/text-width.ts'
import { day, hostileReason, hour, ledgerOf, now } from '../support/ledgers.ts'
import { defaultLimitSettings } from '../support/limits.ts'
import {
  checksumFault,
  faultOf,
  ledgerWithProofs,
  nightlySettings,
  proofOf,
  provedTonight,
  verdictOf,
} from '../support/proofs.ts'

const plain: Paint = (_, text) => text
const statusAt = (ledger: Ledger, limits = nightlySettings) => statusOf(ledger, limits, new Map(), now)

function sourceWith(proof: Parameters<typeof ledgerWithProofs>[0][string]): SourceStatus {
  const [source] = statusAt(ledgerWithProofs({ '/a': proof }, 1)).sources
  return source ?? assert.fail()
}

test('a source that cannot be read back is failing; late and unclear proofs are notes', () => {
  const status = statusAt(
    ledgerWithProofs({
      '/damaged': proofOf({ lastSuccessAt: now - 31.5 * hour, verdict: checksumFault }),
      '/late': proofOf({ lastSuccessAt: now - 5 * day, unprovenReason: 'no space left on device' }),
      '/never': undefined,
      '/a-well': provedTonight,
    }),
  )
  assert.equal(
    statusTable(status, { columns: 100, paint: plain }),
    `1 failing of 4 sources; the proof of 2 sources is overdue on root@vm

  STATE    SOURCE    LAST SUCCESS     NEXT    PROVED        TOOK     SIZE  LAST DURATIONS  FILES
✗ failing  /damaged       1 h ago  in 22 h  31 h ago  1 min 27 s   4.4 GB  ▆██             1,000
           the snapshot of 2026-11-24 03:30 UTC cannot be read back: 3 objects (checksum): invalid
           checksum at p12 offset 0
✓ fine     /late          1 h ago  in 22 h   5 d ago  1 min 28 s   4.4 GB  █▇▄             2,000
           last proved readable 5 d ago; the proof is overdue for 2 d
           the last verification ended 7 h ago and found nothing out: no space left on device
✓ fine     /never         1 h ago  in 22 h     never  1 min 50 s   5.5 GB  █▅▆             3,000
           never proved readable; the proof is overdue for 27 d
✓ fine     /a-well        1 h ago  in 22 h   7 h ago  5 min 27 s  16.4 GB  ▄▆█             4,000
`,
  )
  assert.deepEqual([problemCount(status), overallState(status)], [3, 'failing'])
})

test('without a verification, and without a schedule, nothing is said about proofs', () => {
  const ledger = ledgerWithProofs({ '/a': undefined, '/b': undefined })
  const status = statusAt(ledger, defaultLimitSettings)
  assert.deepEqual(
    status.sources.map(({ proof }) => proof),
    [undefined, undefined],
  )
  const table = statusTable(status, { columns: undefined, paint: plain })
  assert.doesNotMatch(table, /PROVED|proof|proved/)
  assert.deepEqual([problemCount(status), summaryWords(status)], [0, 'All 2 sources are backed up'])
})

test('the column says never where a proof is awaited, and a dash where none is', () => {
  const cells = (ledger: Ledger, limits = nightlySettings) =>
    statusTable(statusAt(ledger, limits), { columns: undefined, paint: plain })
      .split('\n')
      .map((line) => line.trim().split(/ {2,}/))
      .filter(([, path]) => path === 'SOURCE' || path?.startsWith('/'))
      .map((columns) => [columns[1], columns[4]])
  assert.deepEqual(cells(ledgerWithProofs({ '/a': undefined, '/b': provedTonight }, 1)), [
    ['SOURCE', 'PROVED'],
    ['/a', 'never'],
    ['/b', '7 h ago'],
  ])
  assert.deepEqual(cells(ledgerWithProofs({ '/a': undefined, '/b': provedTonight }), defaultLimitSettings), [
    ['SOURCE', 'PROVED'],
    ['/a', '–'],
    ['/b', '7 h ago'],
  ])
})

test('an overdue proof needs attention, though the state stays', () => {
  const late = statusAt(
    ledgerWithProofs({ '/a': proofOf({ lastSuccessAt: now - 5 * day }), '/b': provedTonight }),
  )
  assert.deepEqual(late.counts, { failing: 0, overdue: 0, waiting: 0, fine: 2 })
  assert.deepEqual([late.overdueProofs, problemCount(late), overallState(late)], [1, 1, 'overdue'])
  assert.equal(
    summaryWords(late),
    'the proof of 1 source is overdue; the last attempts of all 2 sources succeeded',
  )
  const fresh = statusAt(ledgerWithProofs({ '/a': undefined }, 2))
  assert.deepEqual([fresh.overdueProofs, problemCount(fresh), overallState(fresh)], [0, 0, 'fine'])
})

test('the notes say why the last verification proved nothing', () => {
  const notesOf = (proof: Parameters<typeof sourceWith>[0]) => proofNotes(sourceWith(proof), now)
  assert.deepEqual(notesOf(provedTonight), [])
  assert.deepEqual(notesOf(undefined), [])
  assert.deepEqual(notesOf({ ...provedTonight, unprovenReason: 'no space left on device' }), [
    'the last verification ended 7 h ago and found nothing out: no space left on device',
  ])
  const timeout = verdictOf({
    errors: { ...noVerifyErrors, timeout: 1 },
    faults: [faultOf('timeout', 'not done within 1 h')],
  })
  const source = sourceWith(proofOf({ verdict: timeout }))
  assert.deepEqual(
    [source.state, unreadableWords(source), proofNotes(source, now)],
    ['fine', undefined, ['the last verification ended 7 h ago by its time limit: not done within 1 h']],
  )
})

test('a damaged snapshot is told with its kinds of damage, and an older one as such', () => {
  const errors = { ...noVerifyErrors, missing_blob: 1, checksum: 1200, timeout: 1 }
  const faults = [faultOf('timeout', 'not done within 1 h'), faultOf('missing_blob', 'blob p1 not found')]
  assert.equal(
    unreadableWords(sourceWith(proofOf({ verdict: verdictOf({ errors, faults }) }))),
    'the snapshot of 2026-11-24 03:30 UTC cannot be read back: 1,201 objects (1 missing blob, 1,200 checksum): blob p1 not found',
  )
  const older = verdictOf({
    errors: { ...noVerifyErrors, read: 1 },
    faults: [faultOf('read', hostileReason, 's0')],
  })
  assert.equal(
    unreadableWords(sourceWith(proofOf({ verdict: older }))),
    'an older snapshot cannot be read back: 1 object (read error): ' +
      'Kopia ended with: <script>alert(1)</script>"\'&amp;\\n\\u{1b}[31m é',
  )
})

test('a damaged snapshot stays told while later verifications find nothing out', () => {
  const unclear = sourceWith(proofOf({ verdict: checksumFault, unprovenReason: 'open repository: EOF' }))
  assert.equal(unclear.state, 'failing')
  assert.match(unreadableWords(unclear) ?? '', /cannot be read back/)
  assert.deepEqual(proofNotes(unclear, now), [
    'the last verification ended 7 h ago and found nothing out: open repository: EOF',
  ])
})

test('a failed "snapshot create" is told beside a source that only cannot be read back', () => {
  const ledger = ledgerWithProofs({ '/a': proofOf({ verdict: checksumFault }) })
  ledger.addCommand('snapshot create', now, 'wrong password')
  assert.deepEqual(statusAt(ledger).failedCommands, [
    { command: 'snapshot create', reason: 'wrong password' },
  ])
})

test('JSON has the proof of each source, null where there is none', () => {
  const ledger = ledgerWithProofs({
    '/damaged': proofOf({ lastSuccessAt: now - 5 * day, verdict: checksumFault }),
    '/never': undefined,
  })
  const fieldsOf = (limits = nightlySettings) => {
    const text = statusJson({
      status: statusAt(ledger, limits),
      agent: { processId: 1, ledgerSavedAt: now },
      doubts: [],
    })
    const { sources, overdue_proofs } = JSON.parse(text) as {
      sources: readonly Record<string, unknown>[]
      overdue_proofs: number
    }
    const proofs = sources.map((source) =>
      Object.fromEntries(Object.entries(source).filter(([name]) => /^(proved|verify)_/.test(name))),
    )
    return { proofs, overdue_proofs }
  }
  const nothing = {
    proved_timestamp_seconds: null,
    verify_deadline_timestamp_seconds: null,
    verify_overdue_since_timestamp_seconds: null,
    verify_last_attempt_timestamp_seconds: null,
    verify_unproven_reason: null,
    verify_status: null,
    verify_snapshot_timestamp_seconds: null,
    verify_objects: null,
    verify_read_bytes: null,
    verify_restored_files: null,
    verify_errors: null,
    verify_reason: null,
  }
  assert.deepEqual(fieldsOf(), {
    overdue_proofs: 2,
    proofs: [
      {
        proved_timestamp_seconds: now - 5 * day,
        verify_deadline_timestamp_seconds: now - 2 * day,
        verify_overdue_since_timestamp_seconds: now - 2 * day,
        verify_last_attempt_timestamp_seconds: now - 7.5 * hour,
        verify_unproven_reason: null,
        verify_status: 'unreadable',
        verify_snapshot_timestamp_seconds: now - 8.5 * hour,
        verify_objects: 1200,
        verify_read_bytes: 5e6,
        verify_restored_files: 3,
        verify_errors: { missing_blob: 0, checksum: 3, read: 0, differs: 0, timeout: 0 },
        verify_reason: 'invalid checksum at p12 offset 0',
      },
      {
        ...nothing,
        verify_deadline_timestamp_seconds: now - 27 * day,
        verify_overdue_since_timestamp_seconds: now - 27 * day,
      },
    ],
  })
  assert.deepEqual(fieldsOf(defaultLimitSettings).proofs[1], nothing)
})

test('no line with proofs is wider than the terminal', () => {
  const status = statusAt(
    ledgerWithProofs({
      [`/srv/${'long/'.repeat(12)}`]: proofOf({ lastSuccessAt: now - 5 * day, verdict: checksumFault }),
      '/a': undefined,
    }),
  )
  for (const columns of [30, 40, 60, 80, 100, 132]) {
    const lines = statusTable(status, { columns, paint: plain }).split('\n')
    for (const line of lines) assert.ok(widthOf(line) <= columns, `${columns}: ${line}`)
  }
})

test('proofs are those of the ledger, which never scheduled without the time since when', () => {
  const [source] = statusAt(
    ledgerOf([{ source: { user: 'a', host: 'b', path: '/c' }, lastSuccessAgo: hour, snapshots: 1 }]),
  ).sources
  assert.equal(source?.proof, undefined)
})
