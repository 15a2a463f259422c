// What verify is about: the sources, what is known of them, and whether a backup runs now.

import { resolve } from 'node:path'
import { kopiaOf } from '../daemon/kopia-client.ts'
import type { RepositoryStatus } from '../kopia/cli/client.ts'
import { formatSource, type Source } from '../kopia/source.ts'
import { createSourceTest } from '../kopia/source-patterns.ts'
import { isInScope } from '../reconcile/source-filter.ts'
import type { Settings } from '../settings/settings.ts'
import { withPasswordHint } from '../verify/password-hint.ts'
import type { VerifyAllOptions } from '../verify/verify-all.ts'
import { createLiveLedger } from './live-ledger.ts'

type Selection = Pick<VerifyAllOptions, 'kopia' | 'states' | 'isWanted' | 'isHere' | 'isBackupRunning'>

/** How a source may be called on the command line: as Kopia prints it, or by its path. */
export function namesOf(source: Source): readonly string[] {
  return [formatSource(source), source.path]
}

/** The sources with one of the names; without names those that the agent reports. Rejects where Kopia does not say who it is. */
export async function selectionOf(settings: Settings, names: readonly string[]): Promise<Selection> {
  const live = createLiveLedger(settings)
  const reading = await live.read()
  const kopia = kopiaOf(settings)
  const ledger = reading.kind === 'known' ? reading.ledger : undefined
  const identity = ledger?.repository.status ?? (await identityOf(kopia))
  const states = ledger?.sources ?? new Map()
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

async function identityOf(kopia: ReturnType<typeof kopiaOf>): Promise<RepositoryStatus> {
  const answer = await kopia.repositoryStatus()
  if (!answer.ok) throw new Error(`${answer.command} failed: ${withPasswordHint(answer.reason)}`)
  return answer.value
}
