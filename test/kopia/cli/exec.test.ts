import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createKopia } from '../../../agent/kopia/cli/client.ts'
import { temporaryFolder } from '../../support/folder.ts'
import { makeLargeRepository } from '../../support/many-snapshots.ts'

for (const [snapshotsEach, expectedCalls] of [
  [9, 0],
  [30, 1],
] as const) {
  test(`a list of ${100 * snapshotsEach} snapshots calls onLongAnswer ${expectedCalls} times`, async (context) => {
    const binary = await makeLargeRepository(await temporaryFolder(context), { sources: 100, snapshotsEach })
    let calls = 0
    const kopia = createKopia({
      binary,
      configPath: '',
      password: '',
      logDirectory: '',
      signal: context.signal,
      onCall: () => undefined,
      onLongAnswer: () => {
        calls += 1
      },
      timeLimitMs: undefined,
    })
    const result = await kopia.snapshots()
    assert.deepEqual([result.ok && result.value.length, calls], [100 * snapshotsEach, expectedCalls])
  })
}
