// The page on settings names the time limits that hold where none is set.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { longTimeLimitMs } from '../../agent/kopia/cli/client.ts'
import { usualTimeLimitMs } from '../../agent/kopia/cli/exec.ts'
import { parseDurationMs } from '../../agent/settings/formats.ts'
import { declarations } from '../../agent/settings/schema.ts'

test('kopia_timeout is explained with the limits that hold without it', () => {
  const named = [...declarations.kopia_timeout.doc.matchAll(/`(\w+)`/g)].map(([, text = '']) => text)
  assert.deepEqual(named.map(parseDurationMs), [usualTimeLimitMs, longTimeLimitMs])
})
