// A hundred thousand mutated and reordered lines of real logs yield no success that nothing confirms.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRandom } from '../../support/random.ts'
import { fuzzOutcomes } from '../../support/setups/outcome-fuzz.ts'

test('each success of mutated logs is confirmed by the repository', (context) => {
  const counts = fuzzOutcomes(100_000, createRandom(16))
  context.diagnostic(JSON.stringify(counts))
  for (const seen of [...Object.values(counts.successes), counts.others]) assert.ok(seen > 0)
})
