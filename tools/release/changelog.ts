// Reads CHANGELOG.md: the text of each version, and that text as the notes of a release on GitHub.

/** A version's part of the changelog. `date` is missing where the heading names none, as that of `Unreleased`. */
type Section = {
  readonly version: string
  readonly date: string | undefined
  readonly text: string
}

export const unreleased = 'Unreleased'

/** The parts in the order of the page: `## 0.2.0 - 2026-11-28`, `## Unreleased`. */
export function sectionsOf(changelog: string): readonly Section[] {
  return changelog
    .split(/^## /m)
    .slice(1)
    .map((part) => {
      const [heading = '', ...lines] = part.split('\n')
      const [version = '', date] = heading.trim().split(' - ')
      return { version, date, text: lines.join('\n').trim() }
    })
}

/** Where the files of one version are on the web, without a slash at the end. */
export type WebFolder = string

/**
 * The text as GitHub shows it best. GitHub ends a line of notes where the file does, and knows no relative links there: wrapped
 * lines are joined, and links lead to `webFolder` if it is known.
 */
export function notesFrom(text: string, webFolder?: WebFolder): string {
  const joined = joinWrapped(text.split('\n')).join('\n')
  return webFolder === undefined ? joined : joined.replace(/\]\((?![a-z]+:|#)/g, `](${webFolder}/`)
}

function joinWrapped(lines: readonly string[]): readonly string[] {
  const joined: string[] = []
  let isCode = false
  for (const line of lines) {
    const isFence = /^ *```/.test(line)
    const last = joined.at(-1)
    if (!isCode && !isFence && last !== undefined && continues(line, last)) {
      joined[joined.length - 1] = `${last} ${line.trim()}`
    } else {
      joined.push(line)
    }
    if (isFence) isCode = !isCode
  }
  return joined
}

/** Whether this line goes on with the paragraph or list item of the one before, which may already be joined. */
function continues(line: string, before: string): boolean {
  const begins = /^ *([-*+>|#]|\d+\.) ?/
  return line.trim() !== '' && before.trim() !== '' && !begins.test(line) && !/^#|^ *```|^ *\|/.test(before)
}
