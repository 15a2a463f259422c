// How long an agent may be silent.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { usualHeartbeatSeconds } from '../../agent/limits/silence.ts'
import { declarations } from '../../agent/settings/schema.ts'
import { cronGaps } from '../../agent/util/cron-times.ts'

test('the usual heartbeat is that of the default schedule', () => {
  assert.equal(cronGaps([declarations.refresh_schedule.default])?.longestSeconds, usualHeartbeatSeconds)
})
