// The committed JSON files are up to date.

import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { generated } from '../../dashboards/src/generate.ts'

const folder = new URL('../../dashboards/', import.meta.url)

test('the dashboards are generated from the current sources (else: npm run dashboards)', async () => {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.json'))
  assert.deepEqual(names.sort(), [...generated().keys()].sort())
  for (const [name, text] of generated())
    assert.equal(await readFile(new URL(name, folder), 'utf8'), text, name)
})
