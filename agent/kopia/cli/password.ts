// Where Kopia keeps the password of a repository, and what it says where it has none.

/** Beside the configuration, unless a keyring has it (internal/passwordpersist/passwordpersist_file.go). */
export function passwordPathOf(configurationPath: string): string {
  return `${configurationPath}.kopia-password`
}

/** Whether Kopia has no password, or the wrong one (internal/passwordpersist, cli/password.go, repo/format); undefined: neither. */
export function passwordProblem(reason: string): 'missing' | 'wrong' | undefined {
  if (/get password: |password prompt error|must specify password/.test(reason)) return 'missing'
  return /invalid repository password/.test(reason) ? 'wrong' : undefined
}

/** Adds a hint to Kopia's reason, which only tells that there is no terminal to ask at. */
export function withPasswordHint(reason: string): string {
  if (passwordProblem(reason) !== 'missing') return reason
  return `${reason}: Kopia has no password; set KOPIA_PASSWORD, or connect the repository so that Kopia keeps it in a file`
}
