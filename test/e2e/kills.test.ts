// Each backup is counted exactly once, even if the agent is killed. `npm run test:soak` does the same for longer.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { stayDown, surviveKills } from '../support/kill-storm.ts'
import { createRandom } from '../support/random.ts'

test('an agent that is killed at random moments during 15 backups counts each of them once', async (context) => {
  const { kills, expected, counted } = await surviveKills(context, { backups: 15, random: createRandom(7) })
  context.diagnostic(`killed ${kills} times`)
  assert.deepEqual(counted, expected)
})

test('an agent that starts after 20 backups counts each of them once', async (context) => {
  const storm = { backups: 20, random: createRandom(1) }
  const { expected, counted } = await surviveKills(context, storm, stayDown)
  assert.deepEqual(counted, expected)
})
