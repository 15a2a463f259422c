// The notes of a release are what the changelog says of it.

import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { readManifest } from '../../tools/manifest.ts'
import { notesFrom, sectionsOf } from '../../tools/release/changelog.ts'
import { readNotes, webFolderOf } from '../../tools/release/notes.ts'
import { projectFolder } from '../support/tools.ts'

const changelog = `# Changelog

## Unreleased

## 0.2.0 - 2026-11-28

### Added

- One thing, in a line that is wrapped
  here ([docs/one.md](docs/one.md)).
- Another.

## 0.1.0
`

test('each heading of the second level begins the part of a version, with its day if it has one', () => {
  assert.deepEqual(sectionsOf(changelog), [
    { version: 'Unreleased', date: undefined, text: '' },
    {
      version: '0.2.0',
      date: '2026-11-28',
      text: '### Added\n\n- One thing, in a line that is wrapped\n  here ([docs/one.md](docs/one.md)).\n- Another.',
    },
    { version: '0.1.0', date: undefined, text: '' },
  ])
})

test('wrapped lines are joined, and what begins a list item, a heading, a table or code is not', () => {
  const text = [
    'A paragraph',
    'in two lines.',
    '',
    '### A heading',
    'Text below it',
    '- an item',
    '  in two lines',
    '  - an item in it',
    '1. a step',
    '| a | b |',
    '|---|---|',
    '```',
    'code',
    'in two lines',
    '```',
    'The end.',
  ]
  assert.deepEqual(notesFrom(text.join('\n')).split('\n'), [
    'A paragraph in two lines.',
    '',
    '### A heading',
    'Text below it',
    '- an item in two lines',
    '  - an item in it',
    '1. a step',
    '| a | b |',
    '|---|---|',
    '```',
    'code',
    'in two lines',
    '```',
    'The end.',
  ])
})

test('links to files lead to their place on the web, if that is known', () => {
  const text = '[a](docs/a.md#b) [c](https://example.org) [d](#d)'
  assert.equal(notesFrom(text), text)
  assert.equal(
    notesFrom(text, 'https://github.com/o/n/blob/v1.0.0'),
    '[a](https://github.com/o/n/blob/v1.0.0/docs/a.md#b) [c](https://example.org) [d](#d)',
  )
})

test('the place on the web is that of the repository in package.json', () => {
  const repositoryUrl = 'git+https://github.com/owner/name.git'
  assert.equal(webFolderOf({ repositoryUrl }, '1.0.0'), 'https://github.com/owner/name/blob/v1.0.0')
  assert.equal(webFolderOf({ repositoryUrl: undefined }, '1.0.0'), undefined)
})

test('the notes of the next release are, word for word, what the changelog says of it', async () => {
  const page = await readFile(join(projectFolder, 'CHANGELOG.md'), 'utf8')
  const { version } = await readManifest()
  const below = (heading: string) =>
    new RegExp(`^## ${heading}\n([^]*?)(?=^## |$(?![^]))`, 'm').exec(page)?.[1]
  const said = below(`${version.replaceAll('.', '\\.')} - .*`) ?? below('Unreleased') ?? ''
  const words = (text: string) => text.trim().split(/\s+/)
  assert.ok(words(said).length > 100)
  assert.deepEqual(words(await readNotes()), words(said))
})

test('a version without a heading has no notes', async () => {
  await assert.rejects(readNotes('7.7.7'), /expected a heading "## 7\.7\.7 - YYYY-MM-DD"/)
})
