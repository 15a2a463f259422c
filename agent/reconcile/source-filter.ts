// Which sources a person wants to see.

import picomatch from 'picomatch'
import { formatSource, type Source } from '../kopia/source.ts'

export type SourcePatterns = { readonly include: readonly string[]; readonly exclude: readonly string[] }

/**
 * A test on `user@host:path`: included by a pattern (no pattern includes all) and excluded by none. In a pattern
 * `*` stands for anything but a slash, `**` for anything.
 */
export function createSourceFilter({ include, exclude }: SourcePatterns): (source: Source) => boolean {
  const options = { dot: true, nonegate: true, noextglob: true }
  const isIncluded = include.length === 0 ? () => true : picomatch([...include], options)
  const isExcluded = exclude.length === 0 ? () => false : picomatch([...exclude], options)
  return (source) => {
    const name = formatSource(source)
    return isIncluded(name) && !isExcluded(name)
  }
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
  return (source.user === user && source.host === host) || backedUpAs === `${user}@${host}`
}
