// A million mutated and reordered lines of real logs yield no success that nothing confirms.

import { test } from 'node:test'
import { createRandom } from '../../support/random.ts'
import { fuzzOutcomes } from '../../support/setups/outcome-fuzz.ts'

test('each success of mutated logs is confirmed by the repository', (context) => {
  context.diagnostic(JSON.stringify(fuzzOutcomes(1_000_000, createRandom(2026))))
})
