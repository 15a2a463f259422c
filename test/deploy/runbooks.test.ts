// The page that setup renders from the runbooks, and the links in the rules. test/e2e/runbooks.test.ts opens them.

import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { parseHTML } from 'linkedom'
import { runbooksPage, withRunbooks } from '../../deploy/setup/runbooks.ts'
import { anchorsOf } from '../support/markdown-links.ts'
import { readAlerts, rulesFolder } from '../support/rules.ts'

const runbooks = await readFile(join(rulesFolder, 'runbooks.md'), 'utf8')

const documentOf = (markdown: string) => parseHTML(runbooksPage(markdown)).document

/** The markup between the contents and the footer. */
const sectionsOf = (markdown: string) => [...documentOf(markdown).querySelectorAll('section')]

/** The markup of what stands before the first heading of level 2. */
function introductionOf(markdown: string): string {
  const main = documentOf(markdown).querySelector('main')
  main?.querySelector('details')?.remove()
  return main?.innerHTML.trim() ?? ''
}

test("the page has every alert's heading, and lists all of them", async () => {
  const document = documentOf(runbooks)
  const alerts = (await readAlerts()).map(({ alert }) => alert)
  assert.ok(alerts.length > 20)
  for (const alert of alerts) {
    const heading = document.getElementById(alert.toLowerCase())
    assert.equal(heading?.tagName, 'H2', alert)
    assert.equal(heading?.textContent, alert)
    assert.equal(document.querySelector(`details a[href="#${alert.toLowerCase()}"]`)?.textContent, alert)
  }
  assert.equal(document.querySelector('title')?.textContent, 'Runbooks')
})

test('the ids are those of GitHub', () => {
  for (const page of [
    runbooks,
    "# What's `new`, and [why](x.md)?\n## A – B\n## Same\n## Same\n### Same-1\n## Ünïcode_é 7 %",
  ]) {
    const document = documentOf(page)
    const ids = [...document.querySelectorAll('[id]')].map(({ id }) => id)
    assert.deepEqual(ids.slice(0, 4), [...anchorsOf(page)].slice(0, 4))
    assert.equal(new Set(ids).size, ids.length)
    assert.ok(ids.length > 3)
  }
})

test('each of the four parts of a section is a paragraph, bold words within a sentence are not', () => {
  for (const section of sectionsOf(runbooks)) {
    const beginnings = [...section.querySelectorAll('p > strong:first-child')].map((bold) => bold.textContent)
    assert.deepEqual(beginnings, ['Means', 'Confirm', 'Fix', 'Silence'], section.querySelector('h2')?.id)
  }
  const [section] = sectionsOf('## A\n**One** is\n**not two**.\n`code`\n**Three**\n')
  assert.deepEqual(
    [...(section?.querySelectorAll('p') ?? [])].map((paragraph) => paragraph.textContent?.trim()),
    ['One is\nnot two.\ncode', 'Three'],
  )
})

test('the page loads nothing and has no scripts, styles or forms but its own style', () => {
  const document = documentOf(runbooks)
  assert.deepEqual([...document.querySelectorAll('script, img, iframe, form, object, embed, base')], [])
  assert.deepEqual(
    [...document.querySelectorAll('link')].map((link) => link.getAttribute('href')),
    ['data:,'],
  )
  assert.equal(document.querySelectorAll('style').length, 1)
  assert.doesNotMatch(document.querySelector('style')?.textContent ?? '', /url\(|@import|\/\*/)
  assert.deepEqual(
    [...document.querySelectorAll('[style], [onclick], [onerror], [src]')].map(({ outerHTML }) => outerHTML),
    [],
  )
})

/** Markdown, and the markup that must come out of it. */
const hostile: readonly (readonly [string, string])[] = [
  ['<script>alert(1)</script>', '&lt;script&gt;alert(1)&lt;/script&gt;'],
  ['a <img src=x onerror=alert(1)> b', '<p>a &lt;img src=x onerror=alert(1)&gt; b</p>'],
  ['</main></style><b>', '&lt;/main&gt;&lt;/style&gt;&lt;b&gt;'],
  ['a <!-- note --> b', '<p>a  b</p>'],
  ['[x](javascript:alert(1))', '<p>x</p>'],
  ['[x](data:text/html,1)', '<p>x</p>'],
  ['[x](rules.md)', '<p>x</p>'],
  ['[x](//elsewhere.example)', '<p>x</p>'],
  ['[x](#there)', '<p><a href="#there">x</a></p>'],
  ['[x](<https://example.com/"onclick=y>)', '<p><a href="https://example.com/&quot;onclick=y">x</a></p>'],
  ['<javascript:alert(1)>', '<p>javascript:alert(1)</p>'],
  ['![a <b> picture](https://elsewhere.example/a.png)', '<p>a &lt;b&gt; picture</p>'],
  [
    '```x"><script>\n</code>\n```',
    '<pre><code class="language-x&quot;&gt;&lt;script&gt;">&lt;/code&gt;\n</code></pre>',
  ],
  ['`<b> --flag`', '<p><code>&lt;b&gt; <span>--flag</span></code></p>'],
]

for (const [markdown, expected] of hostile) {
  test(`${JSON.stringify(markdown)} is shown as text`, () => {
    assert.ok(runbooksPage(markdown).includes(expected), introductionOf(markdown))
  })
}

test('no text begins an action of a Go template', () => {
  const text = '{{ template "x" }} {{{ {{/* }} }}} {{-'
  const page = runbooksPage(
    `# ${text}\n\n${text}\n\n## ${text}\n\n\`${text}\`\n\n[${text}](https://a.example/{{x}})\n\n    ${text}\n`,
  )
  assert.ok(!page.includes('{{'))
  const { document } = parseHTML(page)
  for (const selector of ['title', 'h1', 'h1 + p', 'details a', 'h2', 'p > code', 'p > a', 'pre > code']) {
    assert.equal(document.querySelector(selector)?.textContent?.trim(), text, selector)
  }
})

test('only the links to the example page are replaced', () => {
  const rules = [
    'runbook_url: "https://runbooks.example/kopia#watchdog"',
    'runbook_url: "https://your.wiki/kopia#watchdog"',
    'runbook_url: "https://runbooks.example/kopia-of-others#watchdog"',
  ]
  assert.deepEqual(withRunbooks(rules.join('\n'), 'https://mon.example/$&').split('\n'), [
    'runbook_url: "https://mon.example/$&/consoles/runbooks.html#watchdog"',
    ...rules.slice(1),
  ])
})
