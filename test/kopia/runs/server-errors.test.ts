import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Attempt, noEvidence, type ServerError } from '../../../agent/kopia/runs/evidence.ts'
import { isErrorOfOthers, withSettledFailure } from '../../../agent/kopia/runs/server-errors.ts'

const attemptOf = (path: string): Attempt => ({
  source: { user: 'root', host: 'vm', path },
  origin: 'server',
  startedAt: 1,
  finishedAt: 2,
})
const [unchanged, failing, other] = [attemptOf('/u'), attemptOf('/f'), attemptOf('/o')]
const errorOf = (...paths: readonly string[]): ServerError => ({
  at: 2,
  sources: paths.map((path) => `root@vm:${path}`),
  failed: [],
})
const isOfOthers = (
  serverErrors: readonly ServerError[],
  failed: readonly Attempt[],
  attempts: readonly Attempt[] = [unchanged, failing, other],
) => isErrorOfOthers(unchanged, { ...noEvidence, attempts, serverErrors }, (one) => failed.includes(one))

test('an error is that of the others if as many of them have failed for certain', () => {
  assert.equal(isOfOthers([errorOf('/u', '/f')], [failing]), true)
  assert.equal(isOfOthers([errorOf('/u', '/f')], []), false)
  assert.equal(isOfOthers([errorOf('/u', '/f'), errorOf('/u', '/f', '/o')], [failing]), false)
  assert.equal(isOfOthers([errorOf('/u', '/f'), errorOf('/u', '/f', '/o')], [failing, other]), true)
})

test('a failure that another error can explain proves nothing', () => {
  assert.equal(isOfOthers([errorOf('/f'), errorOf('/u', '/f')], [failing]), false)
  assert.equal(isOfOthers([errorOf('/u', '/f'), errorOf('/f', '/o')], [failing]), false)
})

test('an attempt that is settled as failed counts, and one without an error of its own does not', () => {
  const settled = withSettledFailure([errorOf('/u', '/f')], failing.source)
  assert.equal(isOfOthers(settled, [], [unchanged]), true)
  assert.equal(isOfOthers([errorOf('/u', '/o')], [failing]), false)
  assert.equal(isOfOthers([], [failing]), false)
})
