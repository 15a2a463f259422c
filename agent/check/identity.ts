// Checks that Kopia is connected to the repository, and under the name, that the ledger is about.

import type { RepositoryStatus } from '../kopia/cli/client.ts'
import { type Finding, failure, ok, warning } from './finding.ts'

type Known = RepositoryStatus | undefined

/** Compares the repository's unique id. `known` is what the ledger has, `now` what Kopia answers. */
export function checkRepositoryId(known: Known, now: RepositoryStatus): Finding {
  // A client of a Kopia server gets no id.
  if (now.repositoryId === '') return ok('repository id', 'none: a Kopia server does not tell it')
  const short = now.repositoryId.slice(0, 12)
  if (known === undefined || known.repositoryId === '')
    return ok('repository id', `${short}, new to the agent`)
  if (known.repositoryId === now.repositoryId) return ok('repository id', `${short}, as the agent knows it`)
  return failure(
    'repository id',
    `expected the repository ${known.repositoryId.slice(0, 12)} that the agent knows, found ${short}: Kopia is connected to another one`,
    'connect the old repository again, or mount its storage; if the new one is right, stop the agent and run "kopia-metrics-agent forget --sources"',
  )
}

/** Compares the user and host under which Kopia makes backups here. */
export function checkIdentity(known: Known, now: RepositoryStatus): Finding {
  const name = `${now.user}@${now.host}`
  if (known === undefined) return ok('identity', `${name}, new to the agent`)
  const before = `${known.user}@${known.host}`
  if (before === name) return ok('identity', `${name}, as the agent knows it`)
  return warning(
    'identity',
    `Kopia makes backups as ${name} now; the agent knows this machine as ${before}`,
    `start the agent, or restart it if this stays; to keep the old name, run "kopia repository set-client --username=${known.user} --hostname=${known.host}"`,
  )
}
