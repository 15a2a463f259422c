// What a verification changes in what the ledger knows of a source.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type Fault,
  isUnreadable,
  noVerifyErrors,
  type Verdict,
  type Verification,
  type VerifyErrorKind,
  withVerification,
} from '../../agent/ledger/proof.ts'

const minute = 60
const later = 100_000

function verdictOf(...kinds: readonly VerifyErrorKind[]): Verdict {
  const faults = kinds.map(
    (kind): Fault => ({ kind, snapshotId: 's1', rootId: 'k1', path: 'a', reason: kind }),
  )
  const errors = { ...noVerifyErrors, ...Object.fromEntries(kinds.map((kind) => [kind, 1])) }
  return {
    outcome: kinds.length === 0 ? 'proven' : 'faulty',
    snapshotId: 's1',
    snapshotStartedAt: 900,
    objects: 10,
    readBytes: 1000,
    restoredFiles: 3,
    errors,
    faults,
  }
}

/** An attempt of a minute. */
function attemptAt(startedAt: number, result: Verification['result']): Verification {
  return { startedAt, endedAt: startedAt + minute, result }
}

const unproven = { outcome: 'unproven', reason: 'no space left on device' } as const

test('a proof has the time of its end, and its verdict', () => {
  const verdict = verdictOf()
  assert.deepEqual(withVerification(undefined, attemptAt(1000, verdict), later), {
    lastAttempt: { startedAt: 1000, endedAt: 1060 },
    lastSuccessAt: 1060,
    verdict,
  })
})

test('a fault replaces the verdict and keeps the time of the last success', () => {
  const proven = withVerification(undefined, attemptAt(1000, verdictOf()), later)
  const faulty = withVerification(proven, attemptAt(2000, verdictOf('checksum')), later)
  assert.deepEqual([faulty.lastSuccessAt, faulty.lastAttempt.endedAt], [1060, 2060])
  assert.deepEqual(faulty.verdict, verdictOf('checksum'))
  const healed = withVerification(faulty, attemptAt(3000, verdictOf()), later)
  assert.deepEqual([healed.lastSuccessAt, healed.verdict], [3060, verdictOf()])
})

test('a first attempt with a fault proves nothing', () => {
  const faulty = withVerification(undefined, attemptAt(1000, verdictOf('read')), later)
  assert.equal(Object.hasOwn(faulty, 'lastSuccessAt'), false)
})

test('an attempt that finds nothing out keeps the verdict and the last success, and its reason goes with the next verdict', () => {
  const faulty = withVerification(
    withVerification(undefined, attemptAt(1000, verdictOf()), later),
    attemptAt(2000, verdictOf('missing_blob')),
    later,
  )
  const unknown = withVerification(faulty, attemptAt(3000, unproven), later)
  assert.deepEqual(unknown, {
    ...faulty,
    lastAttempt: { startedAt: 3000, endedAt: 3060 },
    unprovenReason: 'no space left on device',
  })
  const known = withVerification(unknown, attemptAt(4000, verdictOf()), later)
  assert.equal(Object.hasOwn(known, 'unprovenReason'), false)
  const first = withVerification(undefined, attemptAt(1000, unproven), later)
  assert.deepEqual(Object.keys(first).toSorted(), ['lastAttempt', 'unprovenReason'])
})

test('an attempt counts once, and an older one changes nothing', () => {
  const proof = withVerification(undefined, attemptAt(2000, verdictOf()), later)
  assert.equal(withVerification(proof, attemptAt(2000, verdictOf()), later), proof)
  assert.equal(withVerification(proof, attemptAt(2000, verdictOf('read')), later), proof)
  assert.equal(withVerification(proof, attemptAt(1000, verdictOf('read')), later), proof)
})

test('where the clock was set back, an attempt that seems older counts', () => {
  const ofFuture = withVerification(undefined, attemptAt(50_000, verdictOf('read')), later)
  const now = 3000
  const proof = withVerification(ofFuture, attemptAt(2000, verdictOf()), now)
  assert.deepEqual(
    [proof.lastAttempt.startedAt, proof.lastSuccessAt, proof.verdict],
    [2000, 2060, verdictOf()],
  )
})

test('anything but a time limit makes a source unreadable, until a verdict without it', () => {
  const proofOf = (...kinds: readonly VerifyErrorKind[]) =>
    withVerification(undefined, attemptAt(1000, verdictOf(...kinds)), later)
  assert.equal(isUnreadable(undefined), false)
  assert.equal(isUnreadable(proofOf()), false)
  assert.equal(isUnreadable(proofOf('timeout')), false)
  for (const kind of ['missing_blob', 'checksum', 'read', 'differs'] as const)
    assert.equal(isUnreadable(proofOf(kind)), true, kind)
  assert.equal(isUnreadable(proofOf('timeout', 'checksum')), true)
  assert.equal(isUnreadable(withVerification(proofOf('read'), attemptAt(2000, unproven), later)), true)
  assert.equal(isUnreadable(withVerification(proofOf('read'), attemptAt(2000, verdictOf()), later)), false)
})
