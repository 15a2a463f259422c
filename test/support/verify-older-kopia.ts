// `verify` with a Kopia that tools/kopia-VERSION pins. One file per version, since a process finds one Kopia.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLab } from './lab.ts'
import { flipContents, packFilesOf, takeAway } from './lab-damage.ts'
import { verdictOf, verify } from './verifying.ts'

const fileContents = /^[0-9a-f]/

/** Registers the test. */
export function testVerifyWith(version: 'v0.19.0' | 'v0.21.1' | 'v0.22.3'): void {
  // For tools/fetch.sh.
  process.env.KOPIA_VERSION = version
  test(`Kopia ${version}: a good repository, flipped bytes, a missing pack`, async (context) => {
    const lab = await createLab(context)
    await lab.kopia.must('snapshot', 'create', await lab.makeSource('photos'))
    assert.deepEqual(verdictOf(await verify(lab, '--percent=100')), [0, 'proven'])
    await flipContents(lab, fileContents)
    const flipped = await verify(lab, '--percent=100', '--restore=0')
    assert.deepEqual(verdictOf(flipped), [1, 'faulty', 'checksum'], flipped.output)
    await flipContents(lab, fileContents)
    await takeAway(await packFilesOf(lab, fileContents))
    const missing = await verify(lab, '--percent=0', '--restore=0')
    assert.deepEqual(verdictOf(missing), [1, 'faulty', 'missing_blob'], missing.output)
  })
}
