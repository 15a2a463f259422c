// `npm run package` builds the packages for both kinds of processors on either of them. test/arm64 runs what is in them.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { open, readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { test } from 'node:test'
import { temporaryFolder } from '../support/folder.ts'
import { runPackaging } from '../support/packaged.ts'
import { projectFolder } from '../support/tools.ts'

/** What ELF calls the processors (e_machine, at byte 18 of the header). */
const machines = { amd64: 0x3e, arm64: 0xb7 } as const

const release = 44

test('one command builds four packages, each with the Node of its processor', async (context) => {
  const folder = await temporaryFolder(context)
  const created = await runPackaging(`--release=${release}`)
  const { version }: { version: string } = JSON.parse(
    await readFile(join(projectFolder, 'package.json'), 'utf8'),
  )
  const name = 'kopia-metrics-agent'
  assert.deepEqual(created.map((path) => basename(path)).sort(), [
    `${name}-${version}-${release}.aarch64.rpm`,
    `${name}-${version}-${release}.x86_64.rpm`,
    `${name}_${version}-${release}_amd64.deb`,
    `${name}_${version}-${release}_arm64.deb`,
  ])
  for (const processor of ['amd64', 'arm64'] as const) {
    const deb = created.find((path) => path.endsWith(`_${processor}.deb`)) ?? ''
    const field = (key: string) =>
      execFileSync('dpkg-deb', ['--field', deb, key], { encoding: 'utf8' }).trim()
    assert.equal(field('Architecture'), processor)
    const root = join(folder, processor)
    execFileSync('dpkg-deb', ['--extract', deb, root])
    const file = await open(join(root, 'usr/lib/kopia-metrics-agent/node'))
    const { buffer } = await file.read(Buffer.alloc(20), 0, 20, 0)
    await file.close()
    assert.equal(buffer.readUInt16LE(18), machines[processor], processor)
  }
})
