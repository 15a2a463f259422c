// Which sources a person means: patterns of `user@host:path`.

import picomatch from 'picomatch'
import { formatSource, type Source } from './source.ts'

export type SourcePatterns = { readonly include: readonly string[]; readonly exclude: readonly string[] }

type Matches = (name: string) => boolean

/**
 * A test on `user@host:path`: included by a pattern (no pattern includes all) and excluded by none. In a pattern
 * `*` stands for anything but a slash, `**` between slashes for any folders. For Windows paths a slash and a backslash are the same; elsewhere a
 * backslash takes the next character as it is.
 */
export function createSourceTest(patterns: SourcePatterns): (source: Source) => boolean {
  const isWanted = createNameTest(patterns)
  const isWantedWithSlashes = createNameTest({
    include: patterns.include.map(withSlashes),
    exclude: patterns.exclude.map(withSlashes),
  })
  return (source) => {
    const name = formatSource(source)
    return isWindowsPath(source.path) ? isWantedWithSlashes(withSlashes(name)) : isWanted(name)
  }
}

function createNameTest({ include, exclude }: SourcePatterns): Matches {
  const options = { dot: true, nonegate: true, noextglob: true }
  const isIncluded = include.length === 0 ? () => true : picomatch([...include], options)
  const isExcluded = exclude.length === 0 ? () => false : picomatch([...exclude], options)
  return (name) => isIncluded(name) && !isExcluded(name)
}

/** `C:\Users`, `C:/Users` or `\\server\share`: with `scope: all` there are clients of every system. */
export function isWindowsPath(path: string): boolean {
  return /^([a-z]:[/\\]|\\\\)/i.test(path)
}

function withSlashes(text: string): string {
  return text.replaceAll('\\', '/')
}
