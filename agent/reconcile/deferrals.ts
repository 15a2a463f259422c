// When the repository may be asked about something again: not before the next schedule, unless it has changed.

type Item = { readonly key: string }

export type Deferrals = {
  /** The items about which the repository was not asked in vain. */
  readonly due: <T extends Item>(items: readonly T[]) => readonly T[]
  /** Remembers that the repository was asked about the item and could not settle it. */
  readonly defer: (item: Item) => void
  /** Whether one of the items waits for the next schedule. */
  readonly isAnyDeferred: (items: readonly Item[]) => boolean
  /** Forgets all but the items that are still pending, so that no key outlives its item. */
  readonly retain: (pending: readonly Item[]) => void
}

/** Creates the memory of questions asked in vain; it lasts as long as the process. */
export function createDeferrals(): Deferrals {
  const deferred = new Set<string>()
  return {
    due: (items) => items.filter(({ key }) => !deferred.has(key)),
    defer: ({ key }) => {
      deferred.add(key)
    },
    isAnyDeferred: (items) => items.some(({ key }) => deferred.has(key)),
    retain: (pending) => {
      const keys = new Set(pending.map(({ key }) => key))
      for (const key of deferred) if (!keys.has(key)) deferred.delete(key)
    },
  }
}
