import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type Attempt,
  isNearItsEnd,
  nearEndLoggedAt,
  noEvidence,
  openAttempts,
  type RunEvidence,
  unfinishedAttempts,
} from '../../../agent/kopia/runs/evidence.ts'

const attemptOn = (path: string, change: Partial<Attempt> = {}): Attempt => ({
  source: { user: 'root', host: 'vm', path },
  origin: 'command',
  startedAt: 10,
  ...change,
})
const created = { reportedResult: { kind: 'created', snapshotId: 'be3a' }, reportedAt: 20 } as const
const runOf = (attempts: readonly Attempt[], change: Partial<RunEvidence> = {}): RunEvidence => ({
  ...noEvidence,
  attempts,
  ...change,
})
const pathsOf = (attempts: readonly Attempt[]) => attempts.map(({ source }) => source.path)

test('all sources of a command are under way until it has flushed, whatever it has reported', () => {
  const attempts = [attemptOn('/a', created), attemptOn('/b')]
  assert.deepEqual(pathsOf(unfinishedAttempts(runOf(attempts))), ['/a', '/b'])
  assert.deepEqual(pathsOf(unfinishedAttempts(runOf(attempts, { flushedAt: 30 }))), [])
})

test('a source of a server is under way until the server has finished it', () => {
  const attempts = [
    attemptOn('/a', { origin: 'server', ...created, finishedAt: 21 }),
    attemptOn('/b', { origin: 'server', ...created }),
    attemptOn('/c', { origin: 'server' }),
  ]
  assert.deepEqual(pathsOf(unfinishedAttempts(runOf(attempts, { flushedAt: 30 }))), ['/b', '/c'])
})

test('a result can belong to the last source of a command, and to each that a server has not finished', () => {
  const ofCommand = [attemptOn('/a'), attemptOn('/b')]
  assert.deepEqual(pathsOf(openAttempts(runOf(ofCommand))), ['/b'])
  assert.deepEqual(pathsOf(openAttempts(runOf([attemptOn('/a'), attemptOn('/b', created)]))), [])
  const ofServer = [
    attemptOn('/a', { origin: 'server' }),
    attemptOn('/b', { origin: 'server', finishedAt: 21 }),
    attemptOn('/c', { origin: 'server', ...created }),
  ]
  assert.deepEqual(pathsOf(openAttempts(runOf(ofServer))), ['/a', '/c'])
})

test('the end is near after a result of the last source, a final error or a close', () => {
  const cases: readonly (readonly [RunEvidence, number | undefined])[] = [
    [runOf([attemptOn('/a')]), undefined],
    [runOf([attemptOn('/a', created)]), 20],
    [runOf([attemptOn('/a', created), attemptOn('/b')]), undefined],
    [runOf([attemptOn('/a')], { repository: 'closed', closedAt: 30 }), 30],
    [runOf([attemptOn('/a', created)], { finalError: 'x', finalErrorAt: 40 }), 40],
    [runOf([attemptOn('/a')], { repository: 'opened', closedAt: 30 }), undefined],
  ]
  for (const [run, at] of cases)
    assert.deepEqual([isNearItsEnd(run), nearEndLoggedAt(run)], [at !== undefined, at])
})
