// Asks Kopia about a repository: which password opens it, and whether anything but hooks would show its failed backups.

import { hooksIn, type PolicyDefinition } from '../kopia/cli/actions.ts'
import { createKopia, type Kopia, type RepositoryStatus } from '../kopia/cli/client.ts'
import type { KopiaResult } from '../kopia/cli/exec.ts'
import { passwordProblem } from '../kopia/cli/password.ts'
import { policyTargetsOf } from '../kopia/cli/policies.ts'
import { formatSource, type Source } from '../kopia/source.ts'
import { isInScope } from '../reconcile/source-filter.ts'
import type { Answer, Password, Person, Repository } from './facts.ts'
import { launcherFor } from './run-as.ts'

type Asking = {
  readonly binary: string
  readonly self: Person
  /** For the logs of an old Kopia that can't do without; the owner of the configuration can write there. */
  readonly scratch: string
  /** Passwords to try, after the one that Kopia stores itself. */
  readonly passwords: readonly { readonly kind: 'kept' | 'given'; readonly text: string }[]
}

/** Tries the passwords, the one that Kopia stores itself first. */
export async function askRepository(repository: Repository, asking: Asking): Promise<Answer> {
  const stored = await tryPassword(repository, asking, { kind: 'stored by Kopia' })
  if (stored.kind !== 'no password' && stored.kind !== 'wrong password') return stored
  let worst: Answer = asking.passwords.length === 0 ? stored : { kind: 'wrong password' }
  for (const { kind, text } of asking.passwords) {
    const answer = await tryPassword(repository, asking, kind === 'kept' ? { kind } : { kind, text }, text)
    if (answer.kind === 'open' || answer.kind === 'silent') return answer
    worst = answer
  }
  return worst
}

/** Whether the program runs, and is a Kopia. */
export function askVersion({ binary, scratch }: Asking): Promise<KopiaResult<string>> {
  return kopiaWith(binary, [], '', scratch, '').version()
}

async function tryPassword(
  repository: Repository,
  asking: Asking,
  password: Password,
  text = '',
): Promise<Answer> {
  const kopia = kopiaFor(repository, asking, text)
  const status = await kopia.repositoryStatus()
  if (!status.ok) return refusal(status.reason, password)
  return repository.hasBackupLogs
    ? openAnswer(status.value, password, [])
    : answerOfBlind(kopia, status.value, password)
}

function openAnswer(
  { user, host, areActionsEnabled }: RepositoryStatus,
  password: Password,
  blindSources: readonly string[],
): Answer {
  return { kind: 'open', user, host, areActionsEnabled, password, blindSources }
}

function kopiaFor(
  { configPath, owner }: Repository,
  { binary, self, scratch }: Asking,
  password: string,
): Kopia {
  // Kopia takes an inherited password for one that was given.
  const unset = password === '' ? ['env', '-u', 'KOPIA_PASSWORD'] : []
  return kopiaWith(binary, [...launcherFor(owner, self), ...unset], configPath, scratch, password)
}

function kopiaWith(
  binary: string,
  launcher: readonly string[],
  configPath: string,
  scratch: string,
  password: string,
): Kopia {
  return createKopia({
    binary,
    launcher,
    configPath,
    password,
    logDirectory: '',
    ownLogDirectory: scratch,
    signal: new AbortController().signal,
    onCall: () => undefined,
    timeLimitMs: undefined,
  })
}

function refusal(reason: string, password: Password): Answer {
  switch (passwordProblem(reason)) {
    case 'missing':
      return { kind: 'no password' }
    case 'wrong':
      return { kind: 'wrong password' }
    case undefined:
      return { kind: 'silent', reason, password }
  }
}

/**
 * Where no log tells of backups, the sources of this machine that no hook tells of either belong to the answer. A Kopia that can't
 * list them is silent: without a word, nobody would learn that hooks are missing.
 */
export async function answerOfBlind(
  kopia: Pick<Kopia, 'snapshots' | 'exportPolicies'>,
  status: RepositoryStatus,
  password: Password,
): Promise<Answer> {
  const snapshots = await kopia.snapshots()
  if (!snapshots.ok) return { kind: 'silent', reason: snapshots.reason, password }
  const policies = await kopia.exportPolicies()
  if (!policies.ok) return { kind: 'silent', reason: policies.reason, password }
  const own = snapshots.value
    .map(({ source }) => source)
    .filter((source) => isInScope('local', status, source))
  return openAnswer(status, password, sourcesWithoutHooks(own, policies.value))
}

/** The names of the sources that have no hooks, in their own policy or in one that they inherit, each once. */
export function sourcesWithoutHooks(
  sources: readonly Source[],
  policies: Readonly<Record<string, PolicyDefinition>>,
): readonly string[] {
  const unhooked = sources.filter(
    (source) => !policyTargetsOf(source).some((target) => hooksIn(policies[target] ?? {}).length > 0),
  )
  return [...new Set(unhooked.map(formatSource))].toSorted()
}
