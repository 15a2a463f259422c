// Renders Markdown as HTML that needs nothing else: no scripts, no images, no markup of the author.

import { Marked, type RendererObject, type Token } from 'marked'
import { Html, html } from '../../agent/web/html.ts'

type Heading = { readonly id: string; readonly title: string }

/** What stands between two headings of level 2, the first of them included. */
export type Section = { readonly headings: readonly Heading[]; readonly body: Html }

/**
 * Renders a page. The first section is what stands before the first heading of level 2. Headings have the ids that GitHub gives
 * them. HTML is shown as text, an image as its description, and a link only if it works from everywhere (http, mailto) or
 * within the page.
 */
export function renderMarkdown(markdown: string): readonly Section[] {
  const newId = idMaker()
  return splitAtHeadings(new Marked().lexer(markdown)).map((tokens) => {
    const headings: Heading[] = []
    const addHeading = (title: string): string => {
      const id = newId(title)
      headings.push({ id, title })
      return id
    }
    const body = new Html(new Marked({ renderer: rendererWith(addHeading) }).parser([...tokens]))
    return { headings, body }
  })
}

function splitAtHeadings(tokens: readonly Token[]): readonly (readonly Token[])[] {
  const starts = tokens.flatMap((token, index) =>
    token.type === 'heading' && token.depth === 2 ? [index] : [],
  )
  return [0, ...starts].map((start, index) => tokens.slice(start, starts[index]))
}

/** Returns the id of each heading as github-slugger makes it. The second of two equal ones gets `-1`. */
function idMaker(): (title: string) => string {
  const given = new Set<string>()
  return (title) => {
    const slug = title
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{M}\p{N}\p{Pc} -]/gu, '')
      .replaceAll(' ', '-')
    let id = slug
    for (let count = 1; given.has(id); count += 1) id = `${slug}-${count}`
    given.add(id)
    return id
  }
}

/** `addHeading` returns the id of a heading with this text. */
function rendererWith(addHeading: (title: string) => string): RendererObject {
  return {
    heading({ tokens, depth }) {
      const id = addHeading(this.parser.parseInline(tokens, this.parser.textRenderer))
      return `<h${depth} id="${id}">${this.parser.parseInline(tokens)}</h${depth}>\n`
    },
    paragraph({ tokens }) {
      const paragraphs = splitAtBoldLines(tokens)
      return paragraphs.map((inline) => `<p>${this.parser.parseInline([...inline])}</p>\n`).join('')
    },
    codespan: ({ text }) => html`<code>${text.split(/(?<= )/).map(unbrokenFlag)}</code>`.text,
    html: ({ text }) => html`${text.replaceAll(/<!--[\s\S]*?-->/g, '')}`.text,
    image: ({ text }) => html`${text}`.text,
    link({ href, tokens }) {
      const content = this.parser.parseInline(tokens)
      const isSafe = /^(https?:\/\/|mailto:|#)/i.test(href)
      return isSafe ? html`<a href="${href}">${new Html(content)}</a>`.text : content
    },
  }
}

/** Browsers break a line after each hyphen, even within the first two of a flag. A span lets the style prevent that. */
function unbrokenFlag(word: string): Html {
  const [, flag, space] = /^(-.*?)( ?)$/s.exec(word) ?? []
  return flag === undefined ? html`${word}` : html`<span>${flag}</span>${space}`
}

/** A line whose first word is bold and a sentence's first begins a paragraph, so that `**Fix** the cause` is easy to find. */
function splitAtBoldLines(tokens: readonly Token[]): readonly (readonly Token[])[] {
  const paragraphs: Token[][] = [[]]
  for (const [index, token] of tokens.entries()) {
    const isBeginning = token.type === 'strong' && /^\p{Lu}/u.test(token.text)
    if (isBeginning && tokens[index - 1]?.raw.endsWith('\n')) paragraphs.push([])
    paragraphs.at(-1)?.push(token)
  }
  return paragraphs
}
