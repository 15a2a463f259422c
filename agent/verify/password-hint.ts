// Says what to do where Kopia has no password.

/** Adds it to Kopia's reason, which only tells that there is no terminal to ask at (internal/passwordpersist, cli/password.go). */
export function withPasswordHint(reason: string): string {
  if (!/get password: |password prompt error/.test(reason)) return reason
  return `${reason}: Kopia has no password; set KOPIA_PASSWORD, or connect the repository so that Kopia keeps it in a file`
}
