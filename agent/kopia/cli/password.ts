// Where Kopia keeps the password of a repository, and what it says where it has none.

/** Beside the configuration, unless a keyring has it (internal/passwordpersist/passwordpersist_file.go). */
export function passwordPathOf(configurationPath: string): string {
  return `${configurationPath}.kopia-password`
}

/** Adds it to Kopia's reason, which only tells that there is no terminal to ask at (internal/passwordpersist, cli/password.go). */
export function withPasswordHint(reason: string): string {
  if (!/get password: |password prompt error/.test(reason)) return reason
  return `${reason}: Kopia has no password; set KOPIA_PASSWORD, or connect the repository so that Kopia keeps it in a file`
}
