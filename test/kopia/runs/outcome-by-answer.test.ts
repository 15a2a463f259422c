// What the repository's answer makes of an attempt. No success without a snapshot, or without one that it is identical with.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Snapshot } from '../../../agent/kopia/cli/snapshots.ts'
import { type Attempt, noEvidence, type RunEvidence } from '../../../agent/kopia/runs/evidence.ts'
import { decideOutcome } from '../../../agent/kopia/runs/outcome.ts'
import { holding, makeSnapshot } from '../../support/snapshots.ts'

const source = { user: 'root', host: 'vm', path: '/data/x' }
const endedAt = 1100
const snapshot = (change: Partial<Snapshot>) => makeSnapshot({ source, ...change })
const older = snapshot({ id: 'older', startedAt: 100, endedAt: 110, retentionReasons: ['daily-3'] })
const later = snapshot({ id: 'later', startedAt: 5000, endedAt: 5010 })
const created = { reportedResult: { kind: 'created', snapshotId: 'be3a' }, reportedAt: 1090 } as const
const identical = { reportedResult: { kind: 'identical' }, reportedAt: 1090 } as const
const command: Attempt = { source, origin: 'command', startedAt: 1000 }
const server: Attempt = { source, origin: 'server', startedAt: 1000 }
const hook: Attempt = { source, origin: 'hook', startedAt: 1000, hasRunAfterAction: true }
const flushed = { repository: 'closed', closedAt: 1095 } as const

type Options = {
  readonly run?: Partial<RunEvidence>
  readonly ignoresIdentical?: boolean
  readonly newestIdBefore?: string
}

function decide(attempt: Attempt, held: readonly Snapshot[], options: Options = {}) {
  const { run = {}, ignoresIdentical = false, newestIdBefore = 'older' } = options
  const evidence = { ...noEvidence, attempts: [attempt], ...run }
  return decideOutcome(attempt, evidence, endedAt, {
    ...holding(...held),
    ignoresIdentical: () => ignoresIdentical,
    newestIdBefore: () => newestIdBefore,
  })
}
const outcomeOf = (...parameters: Parameters<typeof decide>) => decide(...parameters)?.outcome

test('a claim whose flush failed is decided by the repository alone', () => {
  const run = { ...flushed, finalError: 'flush error: no such file' }
  const own = snapshot({ id: 'be3a', startedAt: 1001, endedAt: 1090 })
  assert.equal(outcomeOf({ ...command, ...created }, [older], { run }), 'failed')
  assert.equal(outcomeOf({ ...command, ...created }, [older, own], { run }), 'success')
  const doubtful = { ...server, ...created, finishedAt: 1091, errorAfter: 'snapshot error: …' }
  assert.equal(outcomeOf(doubtful, [older]), 'failed')
  assert.equal(outcomeOf(doubtful, [older, own]), 'success')
})

test('an error of the maintenance does not doubt a snapshot that the repository holds', () => {
  const run = { flushedAt: 1092, repository: 'closed', finalError: 'error during maintenance' } as const
  const own = snapshot({ id: 'be3a', startedAt: 1001, endedAt: 1090 })
  assert.equal(outcomeOf({ ...command, ...created }, [own], { run }), 'success')
  assert.equal(outcomeOf({ ...command, ...created }, [later], { run }), 'success', 'retention deleted it')
})

test('an unchanged source is a success only if its policy saves no identical snapshot and there is one before', () => {
  const unchanged = { ...command, ...identical }
  assert.equal(outcomeOf(unchanged, [older], { ignoresIdentical: true }), 'success')
  assert.equal(outcomeOf(unchanged, [older]), 'failed')
  assert.equal(outcomeOf(unchanged, [], { ignoresIdentical: true }), 'failed')
  const checkpoint = { ...older, incomplete: 'checkpoint' }
  assert.equal(outcomeOf(unchanged, [checkpoint], { ignoresIdentical: true }), 'failed')
})

test('an attempt that is identical with a snapshot that lacks files has failed too, for the same reason', () => {
  const errors = [{ path: 'locked', error: 'unable to open file: open /data/x/locked: permission denied' }]
  const lacking = { ...older, fatalErrors: 1, errors }
  const found = decide({ ...command, ...identical }, [lacking], { ignoresIdentical: true })
  assert.equal(found?.outcome, 'failed')
  assert.equal(found?.reason, '1 file could not be read: locked (permission denied)')
  assert.equal(found?.snapshotId, undefined)
  const goodLater = decide({ ...command, ...identical }, [lacking, later], { ignoresIdentical: true })
  assert.equal(goodLater?.outcome, 'failed', 'a later snapshot does not make it a success')
})

test('an unchanged source names no snapshot as its own, and ends when its log says so', () => {
  const found = decide({ ...command, ...identical }, [older], { ignoresIdentical: true })
  assert.deepEqual(
    [found?.snapshotId, found?.endedAt, found?.durationSeconds, found?.reason],
    [undefined, 1090, 90, undefined],
  )
})

test('one of several that may be unchanged is a success only if its server has finished it without an error', () => {
  const maybe = { ...server, isAmbiguous: true, mayBeIdentical: true } as const
  const ignoring = { ignoresIdentical: true }
  const errorAfter = 'snapshot error: …'
  assert.equal(outcomeOf({ ...maybe, finishedAt: 1090 }, [older], ignoring), 'success')
  assert.equal(outcomeOf({ ...maybe, finishedAt: 1090, errorAfter }, [older], ignoring), 'failed')
  assert.equal(outcomeOf({ ...maybe, finishedAt: 1090 }, [older]), 'failed')
  assert.equal(outcomeOf(maybe, [older], ignoring), 'failed', 'the server was killed')
})

test('among several, the snapshot of the source that began in its time is its own', () => {
  const own = snapshot({ id: 'own', startedAt: 1001, endedAt: 1080 })
  const found = decide({ ...server, isAmbiguous: true, finishedAt: 1090 }, [older, own])
  assert.deepEqual([found?.outcome, found?.snapshotId], ['success', 'own'])
})

test('a snapshot that a later one follows may have expired: the log decides', () => {
  const expired = (attempt: Attempt, run: Partial<RunEvidence> = {}) => outcomeOf(attempt, [later], { run })
  assert.equal(expired({ ...command, ...created }, flushed), 'success')
  assert.equal(expired({ ...command, ...created }), 'success', 'a client of a repository server')
  assert.equal(expired({ ...command, ...created }, { repository: 'opened' }), 'failed')
  assert.equal(expired({ ...command, ...created }, { ...flushed, finalError: 'flush error: …' }), 'failed')
  assert.equal(expired(command, flushed), 'success', '--json')
  assert.equal(expired(command), 'failed')
  const partial = { kind: 'created-partial', snapshotId: 'be3a' } as const
  assert.equal(expired({ ...command, reportedResult: partial, reportedAt: 1090 }), 'incomplete')
  assert.equal(expired({ ...server, ...created, finishedAt: 1091 }), 'success')
  assert.equal(expired({ ...server, ...created }), 'failed', 'the server was killed before its flush')
  assert.equal(expired({ ...server, ...created, finishedAt: 1091, errorAfter: 'x' }), 'failed')
  assert.equal(expired({ ...server, ...created, finishedAt: 1091, uploadErrors: 1 }), 'failed')
})

test('a snapshot cannot have expired while an older one is kept among the latest', () => {
  const kept = { ...older, retentionReasons: ['latest-2', 'daily-3'] }
  assert.equal(outcomeOf({ ...command, ...created }, [kept, later], { run: flushed }), 'failed')
  assert.equal(outcomeOf({ ...command, ...created }, [older, later], { run: flushed }), 'success')
  assert.equal(outcomeOf(hook, [kept, later]), 'failed')
})

test('a run of --json with --start-time owns the newest snapshot that was not there before', () => {
  const backdated = snapshot({ id: 'zfs', startedAt: 900, endedAt: 950 })
  const found = decide(command, [older, backdated], { run: flushed })
  assert.deepEqual([found?.outcome, found?.snapshotId], ['success', 'zfs'])
  assert.deepEqual([found?.endedAt, found?.durationSeconds], [endedAt, 100], 'its own times say nothing')
  assert.equal(outcomeOf(command, [older, backdated], { run: flushed, newestIdBefore: 'zfs' }), 'failed')
  assert.equal(outcomeOf(command, [older, backdated], { run: flushed, newestIdBefore: '' }), 'failed')
})

test('only a command whose log shows the flush owns a snapshot from before it began', () => {
  const backdated = snapshot({ id: 'zfs', startedAt: 900, endedAt: 950 })
  const held = [older, backdated]
  assert.equal(outcomeOf(command, held), 'failed')
  assert.equal(outcomeOf(command, held, { run: { repository: 'opened' } }), 'failed')
  assert.equal(outcomeOf(command, held, { run: { ...flushed, finalError: 'upload error' } }), 'failed')
  assert.equal(outcomeOf({ ...server, finishedAt: 1090 }, held, { run: flushed }), 'failed')
  assert.equal(outcomeOf(hook, held), 'failed')
  assert.equal(outcomeOf({ ...command, ...created }, held, { run: flushed }), 'failed', 'the id decides')
})

test('an attempt that silence had ended before keeps the mark that it is counted', () => {
  const own = snapshot({ id: 'be3a', startedAt: 1001, endedAt: 1090 })
  assert.equal(decide({ ...command, ...created, wasCounted: true }, [own])?.wasCounted, true)
  assert.equal(decide({ ...command, ...created }, [own])?.wasCounted, undefined)
})
