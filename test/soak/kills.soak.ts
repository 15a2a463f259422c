// The kills of test/e2e/kills.test.ts for longer. Prints the figures for the table in docs/reliability.md.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { surviveKills } from '../support/kill-storm.ts'
import { createRandom } from '../support/random.ts'

for (const seed of [11, 12, 13, 14]) {
  test(`an agent that is killed at random moments during 50 backups counts each of them once, seed ${seed}`, async (context) => {
    const { kills, expected, counted } = await surviveKills(context, {
      backups: 50,
      random: createRandom(seed),
    })
    context.diagnostic(
      `killed ${kills} times, expected ${JSON.stringify(expected)}, counted ${JSON.stringify(counted)}`,
    )
    assert.deepEqual(counted, expected)
  })
}
