// A source is what Kopia backs up: a path of a user on a host, printed as user@host:path.

export type Source = { readonly user: string; readonly host: string; readonly path: string }

/** The text form that Kopia prints in its logs. It is also the key of a source in the ledger. */
export function formatSource(source: Source): string {
  return `${source.user}@${source.host}:${source.path}`
}

/**
 * Reads `user@host:path` as Kopia prints it; undefined if the text does not have this form. The text does not say where the
 * user ends if there are several @ before the path: names of users hold one (`me@example.org`), names of hosts do not.
 */
export function parseSource(text: string): Source | undefined {
  const colon = text.indexOf(':', text.indexOf('@'))
  const at = text.lastIndexOf('@', colon - 2)
  const source = { user: text.slice(0, at), host: text.slice(at + 1, colon), path: text.slice(colon + 1) }
  return at > 0 && colon > at && source.path !== '' ? source : undefined
}

/**
 * Whether Kopia understands the text form of this source as an argument: it ends the user at the first @, and the host at the
 * first colon (ParseSourceInfo in snapshot/source.go).
 */
export function isReadByKopia({ user, host }: Source): boolean {
  return user !== '' && !/[@:]/.test(user) && !host.includes(':')
}
