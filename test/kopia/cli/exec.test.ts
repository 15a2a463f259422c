import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createKopia } from '../../../agent/kopia/cli/client.ts'
import { temporaryFolder } from '../../support/folder.ts'
import { makeLargeRepository } from '../../support/many-snapshots.ts'

for (const [snapshotsEach, told] of [
  [9, 0],
  [30, 1],
] as const) {
  test(`a list of ${100 * snapshotsEach} snapshots: told ${told} times that it is long`, async (context) => {
    const binary = await makeLargeRepository(await temporaryFolder(context), { sources: 100, snapshotsEach })
    let times = 0
    const kopia = createKopia({
      binary,
      configPath: '',
      password: '',
      logDirectory: '',
      signal: context.signal,
      onCall: () => undefined,
      onLongAnswer: () => {
        times += 1
      },
      timeLimitMs: undefined,
    })
    const answer = await kopia.snapshots()
    assert.deepEqual([answer.ok && answer.value.length, times], [100 * snapshotsEach, told])
  })
}
