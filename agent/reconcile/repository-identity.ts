// Enters which repository Kopia is connected to, and notices when it is another one.

import type { RepositoryStatus } from '../kopia/cli/client.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { Log } from '../util/log.ts'

/** Another repository is not taken over: the ledger is about the one that it knows. Each change is reported once. */
export function enterRepositoryStatus(
  ledger: Pick<Ledger, 'repository' | 'updateRepository'>,
  status: RepositoryStatus,
  log: Log,
): void {
  const known = ledger.repository.status?.repositoryId ?? ''
  // A client of a repository server gets no id, so it can't tell whether the repository is another one.
  if (known === '' || status.repositoryId === '' || status.repositoryId === known) {
    const repositoryId = status.repositoryId || known
    ledger.updateRepository({ status: { ...status, repositoryId }, changedTo: undefined })
    return
  }
  if (ledger.repository.changedTo?.repositoryId !== status.repositoryId) {
    log.error(
      `Kopia's configuration is connected to another repository (${status.repositoryId}) than before ` +
        `(${known}). No source is removed. If this is right, stop the agent and run "kopia-metrics-agent forget --sources"; ` +
        'else connect the right one.',
    )
  }
  ledger.updateRepository({ status: { ...status, repositoryId: known }, changedTo: status })
}
