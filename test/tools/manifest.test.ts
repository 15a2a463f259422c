// What is missing in a package.json is named, before a package without it is built.

import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { readManifest, versionIn } from '../../tools/manifest.ts'
import { temporaryFolder } from '../support/folder.ts'

test('the manifest of this project names what the packages contain', async () => {
  const { name, version, nodeVersion } = await readManifest()
  assert.equal(name, 'kopia-metrics-agent')
  assert.match(version, /^\d+\.\d+\.\d+/)
  assert.equal(process.versions.node, nodeVersion)
})

test('a file without a version is refused', async (context) => {
  const path = join(await temporaryFolder(context), 'package.json')
  for (const [text, problem] of [
    ['{"name":"x"}', /^expected a text as version of .*package\.json$/],
    ['[]', /^expected an object as .*package\.json$/],
    ['x', /^expected JSON, found "x"$/],
  ] as const) {
    await writeFile(path, text)
    await assert.rejects(versionIn(path), { message: problem })
  }
})
