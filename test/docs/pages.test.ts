// The pages for people: the README is short, and every relative link points to something that exists.

import assert from 'node:assert/strict'
import { glob, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { temporaryFolder } from '../support/folder.ts'
import { anchorsOf, brokenLinks, relativeLinks } from '../support/markdown-links.ts'
import { projectFolder } from '../support/tools.ts'

const patterns = [
  '*.md',
  'docs/**/*.md',
  'deploy/**/*.md',
  'rules/*.md',
  'dashboards/*.md',
  'test/bench/*.md',
]

const pages: string[] = []
for await (const page of glob(patterns, { cwd: projectFolder })) pages.push(page)

test('the README is under 10,000 bytes', async () => {
  const { size } = await stat(join(projectFolder, 'README.md'))
  assert.ok(size < 10_000, `${size} bytes`)
})

test('all pages are checked', () => {
  const expected = ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'docs/settings.md', 'deploy/README.md']
  assert.deepEqual(
    expected.filter((page) => !pages.includes(page)),
    [],
  )
})

for (const page of pages.toSorted()) {
  test(`every link in ${page} points to something that exists`, async () => {
    assert.deepEqual(await brokenLinks(join(projectFolder, page)), [])
  })
}

test('a link to a missing file or heading is found', async (context) => {
  const folder = await temporaryFolder(context)
  await writeFile(join(folder, 'other.md'), '# Here\n\n```\n# Not a heading\n```\n')
  const page = join(folder, 'page.md')
  await writeFile(
    page,
    `## A heading
[good](other.md) [good](other.md#here) [good](#a-heading) [good](https://example.org/#x) \`[code](none.md)\`
[bad](none.md) [bad](other.md#there) [bad](other.md#not-a-heading) ![bad](none.png) <img src="none.svg">
`,
  )
  assert.deepEqual(await brokenLinks(page), [
    'none.md',
    'other.md#there',
    'other.md#not-a-heading',
    'none.png',
    'none.svg',
  ])
})

test('anchors are those of GitHub', () => {
  assert.deepEqual(
    [...anchorsOf("# What's `new`, and [why](x.md)?\n## A – B\n## Same\n## Same\n")],
    ['whats-new-and-why', 'a--b', 'same', 'same-1'],
  )
})

test('links are found in text, references and HTML', () => {
  const text = '[a](a.md "title") [![b](b.png)](c.md)\n\n[ref]: d.md\n<source srcset="e.png">\n'
  assert.deepEqual(relativeLinks(text), ['a.md', 'b.png', 'c.md', 'd.md', 'e.png'])
})
