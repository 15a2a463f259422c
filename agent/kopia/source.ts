// What is backed up: Kopia prints it as user@host:path.

export type Source = { readonly user: string; readonly host: string; readonly path: string }

/** The text form that Kopia uses in logs and that keys the ledger. */
export function formatSource(source: Source): string {
  return `${source.user}@${source.host}:${source.path}`
}

/** Reads `user@host:path`; undefined where the text is not of that form. */
export function parseSource(text: string): Source | undefined {
  const match = /^([^@]+)@([^:]+):(.+)$/s.exec(text)
  const [, user, host, path] = match ?? []
  if (user === undefined || host === undefined || path === undefined) return undefined
  return { user, host, path }
}
