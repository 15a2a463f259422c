import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { hasCode, readIfThere } from '../../agent/util/files.ts'
import { temporaryFolder } from '../support/folder.ts'

test('a missing file has no text, and one that can not be read rejects', async (context) => {
  const folder = await temporaryFolder(context)
  await writeFile(join(folder, 'file'), 'text')
  assert.equal(await readIfThere(join(folder, 'file')), 'text')
  assert.equal(await readIfThere(join(folder, 'missing')), undefined)
  await assert.rejects(readIfThere(folder), (error) => hasCode(error, 'EISDIR') && !hasCode(error, 'ENOENT'))
})
