import assert from 'node:assert/strict'
import { lstat, readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { writeTextfile } from '../../agent/push/textfile.ts'
import { temporaryFolder } from '../support/folder.ts'

async function* text(...pieces: readonly string[]): AsyncGenerator<string> {
  yield* pieces
}

test('a link that somebody left under the name of the unfinished textfile leads nowhere', async (context) => {
  const folder = await temporaryFolder(context)
  const [secret, path] = [join(folder, 'secret'), join(folder, 'kopia.prom')]
  await writeFile(secret, 'kept')
  await symlink(secret, `${path}.part`)
  await writeTextfile(path, text('kopia_backup', '_status 1\n'))
  assert.equal(await readFile(secret, 'utf8'), 'kept')
  assert.equal(await readFile(path, 'utf8'), 'kopia_backup_status 1\n')
  assert.equal((await lstat(path)).mode & 0o777, 0o644)
  assert.deepEqual((await readdir(folder)).sort(), ['kopia.prom', 'secret'])
})

test('what an earlier agent left unfinished is replaced', async (context) => {
  const path = join(await temporaryFolder(context), 'kopia.prom')
  await writeFile(`${path}.part`, 'a text that is longer than the new one')
  await writeTextfile(path, text('new\n'))
  assert.equal(await readFile(path, 'utf8'), 'new\n')
})
