// The page of the runbooks that Prometheus serves, and the alerts' links to it.

import { createHash } from 'node:crypto'
import { Html, html } from '../../agent/web/html.ts'
import { renderMarkdown } from './markdown.ts'
import { runbooksStyle } from './runbooks-style.ts'

/** Where Prometheus serves the page, below its external URL (--web.console.templates). */
export const runbooksPath = 'consoles/runbooks.html'

/** The address in the project's rules. It is only an example, because the rules are used without this stack, too. */
const examplePage = 'https://runbooks.example/kopia'

/** Makes the links of a rule file open the page that Prometheus serves at `externalUrl`. Other links stay. */
export function withRunbooks(rules: string, externalUrl: string): string {
  return rules.replaceAll(`${examplePage}#`, () => `${externalUrl}/${runbooksPath}#`)
}

/** Renders runbooks.md as a console template of Prometheus: one page, without scripts and anything from outside. */
export function runbooksPage(markdown: string): string {
  const sections = renderMarkdown(markdown)
  const [introduction, ...others] = sections
  const headings = others.flatMap(({ headings }) => headings.slice(0, 1))
  const { text } = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${contentSecurityPolicy}">
<meta name="referrer" content="no-referrer">
<title>${introduction?.headings[0]?.title ?? 'Runbooks'}</title>
<link rel="icon" href="data:,">
<style>${new Html(runbooksStyle)}</style>
</head>
<body>
<main>
${introduction?.body}
<details><summary>All alerts</summary>
<ul>${headings.map(({ id, title }) => html`<li><a href="#${id}">${title}</a></li>`)}</ul></details>
${others.map(({ body }) => html`<section>${body}</section>\n`)}
</main>
<footer>Setup writes this page from <code>rules/runbooks.md</code> whenever the stack starts.</footer>
</body>
</html>
`
  return withoutActions(text)
}

/** Prometheus reads the page as a Go template, in which only `{{` begins something (text/template, "Text and spaces"). */
function withoutActions(page: string): string {
  return page.replaceAll('{{', '&#123;&#123;')
}

const styleHash = createHash('sha256').update(runbooksStyle).digest('base64')

/** Allows no requests, scripts or forms, whatever is in the Markdown. */
const contentSecurityPolicy = `default-src 'none'; style-src 'sha256-${styleHash}'; img-src data:; base-uri 'none'; form-action 'none'`
