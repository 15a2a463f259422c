// A source is what Kopia backs up: a path of a user on a host, printed as user@host:path.

export type Source = { readonly user: string; readonly host: string; readonly path: string }

/** The text form that Kopia prints in its logs. It is also the key of a source in the ledger. */
export function formatSource(source: Source): string {
  return `${source.user}@${source.host}:${source.path}`
}

/** Reads `user@host:path`; undefined if the text does not have this form. */
export function parseSource(text: string): Source | undefined {
  const match = /^([^@]+)@([^:]+):(.+)$/s.exec(text)
  const [, user, host, path] = match ?? []
  if (user === undefined || host === undefined || path === undefined) return undefined
  return { user, host, path }
}
