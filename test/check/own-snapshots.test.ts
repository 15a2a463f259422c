import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LogFile } from '../../agent/check/log-files.ts'
import {
  explainedFinding,
  newestOwnSnapshots,
  type Told,
  unexplained,
  unexplainedFinding,
} from '../../agent/check/own-snapshots.ts'
import type { Snapshot } from '../../agent/kopia/cli/snapshots.ts'
import { attemptOf } from '../../agent/kopia/runs/finished-attempt.ts'
import { newSource } from '../../agent/ledger/source-state.ts'
import { logFile } from '../support/log-files.ts'
import { makeSnapshot } from '../support/snapshots.ts'

const now = 1_800_000_000
const day = 86_400
const photos = { user: 'root', host: 'vm', path: '/data/photos' }
const snapshot = (endedAt: number, change: Partial<Snapshot> = {}) =>
  makeSnapshot({ id: `s${endedAt}`, source: photos, startedAt: endedAt - 60, endedAt, ...change })
const nothing: Told = { logs: [], ledger: { sources: {} }, newestEventAt: undefined }
const withLogs = (...logs: readonly LogFile[]): Told => ({ ...nothing, logs })
const old = logFile({ command: 'policy-set', begunAt: now - 20 * day, grewAt: now - 20 * day })

test('only the newest snapshot of each source of this user and host counts, and no checkpoint', () => {
  const documents = { ...photos, path: '/data/documents' }
  const held = [
    snapshot(now - 10),
    snapshot(now - 100),
    snapshot(now - 5, { incomplete: 'checkpoint' }),
    snapshot(now - 50, { source: documents, incomplete: 'canceled' }),
    snapshot(now, { source: { ...photos, host: 'other' } }),
    snapshot(now, { source: { ...photos, user: 'alice' } }),
  ]
  const newest = newestOwnSnapshots(held, photos)
  assert.deepEqual(newest.map(({ source, endedAt }) => `${source.path} ${now - endedAt}`).toSorted(), [
    '/data/documents 50',
    '/data/photos 10',
  ])
})

test('a snapshot without a log is unexplained, one that a log of a backup covers is explained', () => {
  const made = snapshot(now - 3600)
  const covering = { begunAt: now - 3700, grewAt: now - 3600 }
  const blind = (...logs: readonly LogFile[]) => unexplained([made], withLogs(...logs), now).length
  assert.equal(blind(), 1)
  assert.equal(blind(old), 1)
  assert.equal(blind(old, logFile(covering)), 0)
  assert.equal(blind(old, logFile({ ...covering, command: 'server-start' })), 0)
  assert.equal(blind(old, logFile({ ...covering, command: 'snapshot-list' })), 1)
  assert.equal(blind(old, logFile({ begunAt: now - 7200, grewAt: now - 7000 })), 1, 'an earlier run')
  assert.equal(blind(old, logFile({ begunAt: now - 100, grewAt: now - 50 })), 1, 'a later run')
})

test('a server that is open covers a snapshot without writing a line', () => {
  const idle = { command: 'server-start', begunAt: now - 9000, grewAt: now - 8000 }
  const blind = (isOpen: boolean) =>
    unexplained([snapshot(now - 3600)], withLogs(old, logFile({ ...idle, isOpen })), now).length
  assert.deepEqual([blind(true), blind(false)], [0, 1])
  const silent = logFile({ ...idle, isOpen: true, tellsOfBackups: false })
  assert.equal(unexplained([snapshot(now - 3600)], withLogs(old, silent), now).length, 1)
})

test('a snapshot whose log may have been swept shows nothing', () => {
  const young = logFile({ command: 'policy-set', begunAt: now - 60, grewAt: now - 60 })
  assert.deepEqual(unexplained([snapshot(now - 3600)], withLogs(young), now), [])
  assert.deepEqual(unexplained([snapshot(now - 40 * day)], nothing, now), [])
})

test('what the ledger has from a log or a hook explains a snapshot, what it has from the repository does not', () => {
  const made = snapshot(now - 3600)
  const counted = { success: 1, failed: 0, incomplete: 0 }
  const state = { ...newSource(photos, now - day), attempts: counted, lastAttempt: attemptOf(made) }
  const blind = (change: object, begunAt: number | undefined = now - day) => {
    const ledger = { begunAt, sources: { 'root@vm:/data/photos': { ...state, ...change } } }
    return unexplained([made], { ...withLogs(old), ledger: ledger as Told['ledger'] }, now).length
  }
  assert.equal(blind({}), 0)
  assert.equal(blind({ foundSnapshotId: made.id }), 1)
  assert.equal(blind({ attempts: { ...counted, success: 0 } }), 1, 'first seen in the repository')
  assert.equal(blind({ lastAttempt: { ...attemptOf(made), snapshotId: undefined } }), 0, 'by its time')
  assert.equal(blind({ lastAttempt: attemptOf(snapshot(now - 7200)) }), 1, 'an earlier attempt')
  assert.equal(blind({}, now - 60), 1, 'made before the agent ran')
})

test('an event of a hook that waits explains a snapshot that began before', () => {
  const made = snapshot(now - 3600)
  const blind = (newestEventAt: number) => unexplained([made], { ...nothing, newestEventAt }, now).length
  assert.deepEqual([blind(now - 3600), blind(now - 9000)], [0, 1])
})

test('the finding names the source, the age, and the folder to set', () => {
  const blind = [snapshot(now - 7200), snapshot(now - 3600, { source: { ...photos, path: '/data/x' } })]
  const looked = ['/a', '/b']
  const found = unexplainedFinding(blind, { elsewhere: '/a', looked }, now)
  assert.equal(found.result, 'failure')
  assert.match(found.found, /2 sources \(root@vm:\/data\/x, 1 h ago\): Kopia writes its logs elsewhere/)
  assert.match('advice' in found ? found.advice : '', /^set KOPIA_LOG_DIR for the agent to \/a, which has/)
  const unknown = unexplainedFinding(blind, { elsewhere: undefined, looked }, now)
  assert.match('advice' in unknown ? unknown.advice : '', /looked in \/a, \/b\).*install-hooks/)
  assert.equal(explainedFinding([]).found, 'none of this machine yet')
})
