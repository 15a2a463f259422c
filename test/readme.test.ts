import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { withTables } from '../tools/docs.ts'

test("the README's tables are those of the declarations (else: npm run docs)", async () => {
  const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8')
  assert.equal(readme, withTables(readme))
})
