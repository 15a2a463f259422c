// Errors of `kopia snapshot verify` whose path can't be told for certain: the object that they name is read again.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readErrorKind } from '../../../agent/kopia/cli/read-errors.ts'
import { createVerifyOutput } from '../../../agent/kopia/cli/verify-output.ts'
import { directory } from '../../verify/made-trees.ts'

const source = { user: 'root', host: 'vm', path: '/data' }
const id = 'f4a4cb9ebe816897cd35b399b6510b62'

test('a file whose name has a line end is known by its object, whether that is damaged or missing', () => {
  for (const reason of [
    `error reading object ${id}: unable to open object ${id}: unexpected content error: invalid checksum at p1`,
    `verify object: error getting content info for ${id}: content not found`,
    `object ${id} is backed by missing blob p1`,
  ]) {
    const root = { snapshotId: 's1', source, startedAt: 1, root: directory('root', []).entry }
    const output = createVerifyOutput(
      root,
      () => undefined,
      (text) => ({ kind: readErrorKind(text), reason: text }),
    )
    output.addErrorLine('error processing root@vm:/data@2026-11-28 01:02:41 UTC/new')
    output.addErrorLine(`line: ${reason}`)
    const report = output.end(reason)
    assert.deepEqual(report.ok && report.value.failures.map(({ objectPath }) => objectPath), [id])
  }
})
