import assert from 'node:assert/strict'
import { test } from 'node:test'
import { questionsFor, type RepositoryFacts } from '../../agent/daemon/questions.ts'

const quiet: RepositoryFacts = {
  isReachable: true,
  hasOtherChange: false,
  scope: 'local',
  isServerRunning: false,
  isWaiting: false,
}

const cases: readonly (readonly [string, Partial<RepositoryFacts>, string])[] = [
  ['nothing has changed', {}, 'none'],
  ['Kopia was never asked', { isReachable: undefined }, 'everything'],
  ['Kopia did not answer', { isReachable: false, hasOtherChange: true }, 'everything'],
  ['a policy was set', { hasOtherChange: true }, 'policies and snapshots'],
  ['sources of other machines are reported', { scope: 'all' }, 'snapshots'],
  ['a server runs', { isServerRunning: true }, 'snapshots'],
  ['an attempt waits for the repository', { isWaiting: true }, 'snapshots'],
]

for (const [name, change, expected] of cases) {
  test(`${name}: Kopia is asked for ${expected}`, () => {
    assert.equal(questionsFor({ ...quiet, ...change }), expected)
  })
}
