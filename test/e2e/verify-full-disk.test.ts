// `verify` on a disk that is full: it says so, proves nothing, and leaves nothing.

import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { cleanUpAfter } from '../support/cleanup.ts'
import { createLab, type Lab } from '../support/lab.ts'
import { leftovers, verdictOf, verify } from '../support/verifying.ts'

/** A state directory on a small file system; false where this user may not mount one. */
async function mountSmallState(context: TestContext, lab: Lab, mebibytes: number): Promise<boolean> {
  await mkdir(lab.stateDirectory, { recursive: true, mode: 0o700 })
  const size = `mode=700,size=${mebibytes}m`
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', size, 'tmpfs', lab.stateDirectory])
  if (status === 0) cleanUpAfter(context, () => execFileSync('umount', [lab.stateDirectory]))
  return status === 0
}

const cases = [
  { name: 'there is no room to restore', mebibytes: 64, fill: 0, flags: ['--percent=0'] },
  {
    name: "there is no room for Kopia's cache",
    mebibytes: 2,
    fill: 0,
    flags: ['--percent=100', '--restore=0'],
  },
  { name: 'it is full from the beginning', mebibytes: 1, fill: 1, flags: ['--percent=100'] },
] as const

for (const { name, mebibytes, fill, flags } of cases) {
  test(`a full disk, ${name}: an error, exit 1, and nothing is left`, async (context) => {
    const lab = await createLab(context)
    const path = await lab.makeSource('photos')
    await writeFile(join(path, 'random'), randomBytes(8_000_000))
    await lab.kopia.must('snapshot', 'create', path)
    if (!(await mountSmallState(context, lab, mebibytes))) return context.skip('mounting needs root')
    if (fill > 0) spawnSync('dd', ['if=/dev/zero', `of=${join(lab.stateDirectory, 'other')}`, 'bs=4096'])
    const full = await verify(lab, ...flags)
    context.diagnostic(full.output)
    assert.equal(full.exitCode, 1)
    if (full.sources.length > 0) assert.deepEqual(verdictOf(full), [1, 'unproven'])
    assert.match(full.output, /no room|no space|full/)
    assert.deepEqual(await leftovers(lab), [])
  })
}
