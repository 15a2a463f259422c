import assert from 'node:assert/strict'
import { link, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { createFile, hasCode, readIfThere } from '../../agent/util/files.ts'
import { temporaryFolder } from '../support/folder.ts'

test('a missing file has no text, and one that can not be read rejects', async (context) => {
  const folder = await temporaryFolder(context)
  await writeFile(join(folder, 'file'), 'text')
  assert.equal(await readIfThere(join(folder, 'file')), 'text')
  assert.equal(await readIfThere(join(folder, 'missing')), undefined)
  await assert.rejects(readIfThere(folder), (error) => hasCode(error, 'EISDIR') && !hasCode(error, 'ENOENT'))
})

test('a new file takes the place of what is there, and nothing is written to where a link leads', async (context) => {
  const folder = await temporaryFolder(context)
  const [target, path] = [join(folder, 'target'), join(folder, 'file.part')]
  await writeFile(target, 'kept')
  for (const leave of [() => undefined, () => symlink(target, path), () => link(target, path)]) {
    await leave()
    const file = await createFile(path, 0o644)
    await file.writeFile('new')
    await file.close()
    assert.deepEqual([await readIfThere(path), await readFile(target, 'utf8')], ['new', 'kept'])
    await rm(path)
  }
  await symlink(join(folder, 'missing'), path)
  await (await createFile(path, 0o644)).close()
  assert.equal(await readIfThere(join(folder, 'missing')), undefined)
  await rm(path)
  await mkdir(path)
  await assert.rejects(createFile(path, 0o644))
})
