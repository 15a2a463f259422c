// Which of the repository's sources belong to this machine.

import { formatSource, type Source } from '../kopia/source.ts'

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
