// The links of a Markdown page, and whether what they point to exists.

import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'

/** The relative links of a page that point nowhere, as they are written in it. */
export async function brokenLinks(path: string): Promise<readonly string[]> {
  const text = await readFile(path, 'utf8')
  const broken = await Promise.all(
    relativeLinks(text).map(async (link) => ((await isThere(path, link)) ? [] : [link])),
  )
  return broken.flat()
}

/** Links, images and HTML attributes, without those that begin with a scheme; code is no link. */
export function relativeLinks(markdown: string): readonly string[] {
  const text = withoutCode(markdown)
  const inMarkdown = [...text.matchAll(/\]\(\s*<?([^)\s>]+)>?(?:\s+"[^"]*")?\s*\)/g)]
  const references = [...text.matchAll(/^ {0,3}\[[^\]]+\]:\s+<?([^\s>]+)/gm)]
  const inHtml = [...text.matchAll(/\b(?:src|srcset|href)="([^"\s]+)/g)]
  const all = [...inMarkdown, ...references, ...inHtml].map(([, target = '']) => target)
  return all.filter((target) => !/^[a-z][a-z+.-]*:/i.test(target))
}

/** The anchors that GitHub gives to the headings of a page. */
export function anchorsOf(markdown: string): ReadonlySet<string> {
  const seen = new Map<string, number>()
  const anchors = new Set<string>()
  for (const [, heading = ''] of withoutFences(markdown).matchAll(/^ {0,3}#{1,6} +(.+?) *#* *$/gm)) {
    const slug = slugOf(heading)
    const count = seen.get(slug) ?? 0
    seen.set(slug, count + 1)
    anchors.add(count === 0 ? slug : `${slug}-${count}`)
  }
  return anchors
}

async function isThere(page: string, link: string): Promise<boolean> {
  const [target = '', anchor] = link.split('#')
  const path = target === '' ? page : resolve(join(dirname(page), decodeURIComponent(target)))
  if (!existsSync(path)) return false
  return anchor === undefined || anchorsOf(await readFile(path, 'utf8')).has(anchor)
}

/** As github-slugger does: lower case, without markup and punctuation, blanks as hyphens. */
function slugOf(heading: string): string {
  return heading
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{M}\p{N}\p{Pc} -]/gu, '')
    .replaceAll(' ', '-')
}

function withoutFences(markdown: string): string {
  return markdown.replaceAll(/^ *(`{3,}|~{3,})[^\n]*\n[\s\S]*?^ *\1 *$/gm, '')
}

function withoutCode(markdown: string): string {
  return withoutFences(markdown).replaceAll(/`[^`\n]*`/g, '')
}
