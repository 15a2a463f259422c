// What verify is about: the sources, what is known of them, and whether a backup runs now.

import { resolve } from 'node:path'
import { kopiaOf } from '../daemon/kopia-client.ts'
import type { Kopia, RepositoryStatus } from '../kopia/cli/client.ts'
import { withPasswordHint } from '../kopia/cli/password.ts'
import { formatSource, type Source } from '../kopia/source.ts'
import { createSourceTest } from '../kopia/source-patterns.ts'
import { withVerification } from '../ledger/proof.ts'
import { newSource, type SourceState } from '../ledger/source-state.ts'
import { readVerifications } from '../ledger/verification-files.ts'
import { isInScope } from '../reconcile/source-filter.ts'
import type { Settings } from '../settings/settings.ts'
import type { VerifyAllOptions } from '../verify/verify-all.ts'
import { createLiveLedger } from './live-ledger.ts'

type Selection = Pick<VerifyAllOptions, 'kopia' | 'states' | 'isWanted' | 'isHere' | 'isBackupRunning'>

/** How a source may be called on the command line: as Kopia prints it, or by its path. */
export function namesOf(source: Source): readonly string[] {
  return [formatSource(source), source.path]
}

/**
 * The sources with one of the names; without names those that the agent reports. Rejects where Kopia does not say who it is, and
 * where it is connected to another repository than the ledger is about.
 */
export async function selectionOf(settings: Settings, names: readonly string[]): Promise<Selection> {
  const live = createLiveLedger(settings)
  const reading = await live.read()
  // Its results would lie beside a ledger whose form is unknown.
  if (reading.kind === 'newer') throw new Error(reading.reason)
  const kopia = kopiaOf(settings)
  const ledger = reading.kind === 'known' ? reading.ledger : undefined
  const identity = await identityOf(kopia, ledger?.repository.status)
  const states = await statesOf(settings.stateDirectory, ledger?.sources ?? new Map())
  const isInScopeOf = (scope: 'local' | 'all') => (source: Source) =>
    isInScope(scope, identity, source, states.get(formatSource(source))?.backedUpAs)
  const [isReported, isSelected] = [isInScopeOf(settings.scope), createSourceTest(settings.sources)]
  const asked = new Set(names.flatMap((name) => [name, resolve(name)]))
  return {
    kopia,
    states,
    isHere: isInScopeOf('local'),
    isWanted: (source) =>
      names.length === 0
        ? isReported(source) && isSelected(source)
        : namesOf(source).some((name) => asked.has(name)),
    isBackupRunning: async () => (await live.runningSince()).size > 0,
  }
}

/** With what earlier runs found out about sources that no ledger knows: a fault stays found where no agent runs, too. */
async function statesOf(
  stateDirectory: string,
  known: ReadonlyMap<string, SourceState>,
): Promise<ReadonlyMap<string, SourceState>> {
  const states = new Map(known)
  for (const { source, verification } of (await readVerifications(stateDirectory)).files) {
    const name = formatSource(source)
    if (known.has(name)) continue
    const { startedAt, endedAt } = verification
    const state = states.get(name) ?? newSource(source, startedAt)
    states.set(name, { ...state, proof: withVerification(state.proof, verification, endedAt) })
  }
  return states
}

/** Where Kopia does not answer now, what is known of it counts: each source then gets the result that nothing is proven. */
async function identityOf(
  kopia: Pick<Kopia, 'repositoryStatus'>,
  known: RepositoryStatus | undefined,
): Promise<RepositoryStatus> {
  const answer = await kopia.repositoryStatus()
  if (answer.ok) {
    refuseOtherRepository(answer.value, known)
    return answer.value
  }
  if (known === undefined) throw new Error(`${answer.command} failed: ${withPasswordHint(answer.reason)}`)
  return known
}

/** What another repository holds says nothing about the sources of the one that the ledger is about. A client of a server has no id. */
function refuseOtherRepository(status: RepositoryStatus, known: RepositoryStatus | undefined): void {
  const [now, before] = [status.repositoryId, known?.repositoryId ?? '']
  if (now === '' || before === '' || now === before) return
  throw new Error(
    `Kopia is connected to another repository (${now}) than the one known here (${before}), so nothing is verified; ` +
      'if this is right, stop the agent and run "kopia-metrics-agent forget --sources"; else connect the right one',
  )
}
