// Each generated table is in its page as `npm run docs` would write it now.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { generatedTables, readPage, withTable } from '../../tools/docs.ts'
import { markdownTable } from '../../tools/docs-tables.ts'

for (const generated of generatedTables) {
  test(`the table in ${generated.page} is up to date (if not: npm run docs)`, async () => {
    const { found, expected } = await readPage(generated)
    assert.equal(found, expected)
  })
}

test('a table replaces what is between its marks, and only that', () => {
  const page = 'before\n<!-- settings: npm run docs -->\nold\n<!-- /settings -->\nafter\n'
  assert.equal(
    withTable(page, 'settings', '| $1 |', 'npm run docs'),
    'before\n<!-- settings: npm run docs -->\n\n| $1 |\n\n<!-- /settings -->\nafter\n',
  )
  assert.throws(() => withTable(page, 'metrics', '', 'npm run docs'), /expected the marks/)
})

test('a vertical bar in a cell does not start another cell', () => {
  assert.equal(markdownTable(['a', 'b'], [['1|2', '3']]), '| a | b |\n|---|---|\n| 1\\|2 | 3 |')
})
