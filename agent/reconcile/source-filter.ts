// Which sources a person wants to see.

import picomatch from 'picomatch'
import { formatSource, type Source } from '../kopia/source.ts'

export type SourcePatterns = { readonly include: readonly string[]; readonly exclude: readonly string[] }

type Matches = (name: string) => boolean

/**
 * A test on `user@host:path`: included by a pattern (no pattern includes all) and excluded by none. In a pattern
 * `*` stands for anything but a slash, `**` for anything. For Windows paths a slash and a backslash are the same; elsewhere a
 * backslash takes the next character as it is.
 */
export function createSourceFilter(patterns: SourcePatterns): (source: Source) => boolean {
  const isWanted = createTest(patterns)
  const isWantedWithSlashes = createTest({
    include: patterns.include.map(withSlashes),
    exclude: patterns.exclude.map(withSlashes),
  })
  return (source) => {
    const name = formatSource(source)
    return isWindowsPath(source.path) ? isWantedWithSlashes(withSlashes(name)) : isWanted(name)
  }
}

function createTest({ include, exclude }: SourcePatterns): Matches {
  const options = { dot: true, nonegate: true, noextglob: true }
  const isIncluded = include.length === 0 ? () => true : picomatch([...include], options)
  const isExcluded = exclude.length === 0 ? () => false : picomatch([...exclude], options)
  return (name) => isIncluded(name) && !isExcluded(name)
}

/** `C:\Users`, `C:/Users` or `\\server\share`: with `scope: all` there are clients of every system. */
function isWindowsPath(path: string): boolean {
  return /^([a-z]:[/\\]|\\\\)/i.test(path)
}

function withSlashes(text: string): string {
  return text.replaceAll('\\', '/')
}

/**
 * With the scope `local` only the sources of who Kopia is here, and those that it has backed up as who it is, whatever
 * they are called (`--override-source`); until that is known, all.
 */
export function isInScope(
  scope: 'local' | 'all',
  identity: { readonly user: string; readonly host: string } | undefined,
  source: Source,
  backedUpAs?: string,
): boolean {
  if (scope === 'all' || identity === undefined) return true
  const { user, host } = identity
  // By the text, since a log does not tell where a user with an @ ends.
  return formatSource(source).startsWith(`${user}@${host}:`) || backedUpAs === `${user}@${host}`
}
