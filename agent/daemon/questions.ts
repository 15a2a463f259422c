// What to ask Kopia for now. Each question costs it 0.2 s of CPU, and a remote repository more.

export type RepositoryFacts = {
  /** Whether Kopia answered the last question; undefined before the first. */
  readonly isReachable: boolean | undefined
  /** Whether another command than a backup has changed what the sources hold, by the logs since the last answer. */
  readonly hasOtherChange: boolean
  readonly scope: 'local' | 'all'
  /** A server logs little of its snapshots, depending on its log level. */
  readonly isServerRunning: boolean
  /** Whether attempts wait for a later answer. */
  readonly isWaiting: boolean
}

export type Questions = 'none' | 'everything' | 'snapshots' | 'policies and snapshots'

/** Decides by what may have changed since the last answer. */
export function questionsFor(facts: RepositoryFacts): Questions {
  if (facts.isReachable !== true) return 'everything'
  if (facts.hasOtherChange) return 'policies and snapshots'
  // Snapshots of other machines show in no log.
  const mayChangeUnseen = facts.scope === 'all' || facts.isServerRunning || facts.isWaiting
  return mayChangeUnseen ? 'snapshots' : 'none'
}
