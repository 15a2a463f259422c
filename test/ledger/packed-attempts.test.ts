import assert from 'node:assert/strict'
import { test } from 'node:test'
import { outcomes } from '../../agent/kopia/runs/outcome-kinds.ts'
import { type LoggedAttempt, packedAttempts, unpackedAttempts } from '../../agent/ledger/packed-attempts.ts'
import { hour, now } from '../report/made-report.ts'
import { createRandom } from '../support/random.ts'

test('what is packed comes back: any gaps, also none, and every outcome', () => {
  const random = createRandom(20)
  for (let round = 0; round < 200; round += 1) {
    let endedAt = Math.floor(random() * now)
    const attempts = Array.from({ length: round }, (): LoggedAttempt => {
      endedAt += random() < 0.2 ? 0 : Math.floor(random() ** 8 * 1e8)
      return { endedAt, outcome: outcomes[Math.floor(random() * outcomes.length)] ?? 'failed' }
    })
    assert.deepEqual(unpackedAttempts(packedAttempts(attempts)), attempts)
  }
})

test('an attempt an hour takes three bytes, one a day four', () => {
  const every = (gap: number) =>
    packedAttempts(
      Array.from({ length: 800 }, (_, index) => ({ endedAt: now + index * gap, outcome: 'success' })),
    )
  assert.ok(every(hour).length <= 800 * 3 + 8, `${every(hour).length} bytes`)
  assert.ok(every(24 * hour).length <= 800 * 4 + 8, `${every(24 * hour).length} bytes`)
  assert.match(every(hour), /^[\w-]+$/)
})
