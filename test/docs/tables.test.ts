import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { withBenchFigures, withFleetFigures, withTables } from '../../tools/docs.ts'

test("the README's tables are those of the declarations (else: npm run docs)", async () => {
  const readme = await readFile(new URL('../../README.md', import.meta.url), 'utf8')
  assert.equal(readme, withTables(readme))
})

test('the figures of deploy/FLEET.md are those of the last bench (else: npm run docs)', async () => {
  const page = await readFile(new URL('../../deploy/FLEET.md', import.meta.url), 'utf8')
  assert.equal(page, await withFleetFigures(page))
})

test('what it costs is what the last benches measured (else: npm run docs)', async () => {
  const readme = await readFile(new URL('../../README.md', import.meta.url), 'utf8')
  assert.equal(readme, await withBenchFigures(readme))
})
