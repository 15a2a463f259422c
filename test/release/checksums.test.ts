// The checksums are those that sha256sum verifies.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { temporaryFolder } from '../support/folder.ts'
import { projectFolder } from '../support/tools.ts'

const script = join(projectFolder, 'tools/release/checksums.sh')

function run(folder: string, program: string, ...parameters: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(program, parameters, { cwd: folder, encoding: 'utf8' })
  return { status, output: `${stdout}${stderr}` }
}

test('every file is in SHA256SUMS, which finds one that was changed', async (context) => {
  const folder = await temporaryFolder(context)
  await writeFile(join(folder, 'a.deb'), 'one')
  await writeFile(join(folder, '-b.rpm'), 'two')
  assert.equal(run('/', 'sh', script, folder).status, 0)
  const first = await readFile(join(folder, 'SHA256SUMS'), 'utf8')
  // Made again, it does not contain itself.
  assert.equal(run('/', 'sh', script, folder).status, 0)
  assert.equal(await readFile(join(folder, 'SHA256SUMS'), 'utf8'), first)
  const good = run(folder, 'sha256sum', '-c', 'SHA256SUMS')
  assert.deepEqual([good.status, good.output.split('\n').sort()], [0, ['', '-b.rpm: OK', 'a.deb: OK']])
  await writeFile(join(folder, 'a.deb'), 'other')
  const bad = run(folder, 'sha256sum', '-c', 'SHA256SUMS')
  assert.equal(bad.status, 1)
  assert.match(bad.output, /^a\.deb: FAILED$/m)
})

test('a folder without files, or none at all, is an error', async (context) => {
  const folder = await temporaryFolder(context)
  await mkdir(join(folder, 'empty'))
  assert.notEqual(run('/', 'sh', script, join(folder, 'empty')).status, 0)
  assert.notEqual(run('/', 'sh', script, join(folder, 'missing')).status, 0)
})
