// Since when the ledger counts, and until when it is up to date.

/** As they are saved, in Unix seconds. */
export type SavedMoments = {
  /** When the agent first ran with this ledger. */
  readonly begunAt?: number
  /** Whether everything from before the first start has been read. What is read later is new, whatever the clock says. */
  readonly isPastRead?: boolean
  /** When all that had happened was last in it. Undefined in an older ledger. */
  readonly upToDateAt?: number
}

export type Moments = {
  /** When the agent first ran with this ledger, in Unix seconds; undefined before. */
  readonly begunAt: () => number | undefined
  /** When all that had happened was last in it, in Unix seconds; undefined if that is not known. */
  readonly upToDateAt: () => number | undefined
  /** Everything that happened until now is in the ledger. */
  readonly noteUpToDate: (nowSeconds: number) => void
  /** Counts what ends from now on. Only the first call has an effect. */
  readonly begin: (nowSeconds: number) => void
  /** Everything from before the first start has been read and settled. */
  readonly endPast: () => void
  /** Whether an attempt that ended then (Unix seconds) is counted: those from before the first start are not. */
  readonly isCounted: (endedAt: number) => boolean
  readonly toData: () => SavedMoments
}

/** Begins with those of a saved ledger. */
export function createMoments(data: SavedMoments): Moments {
  let { begunAt, isPastRead = false, upToDateAt } = data
  return {
    begunAt: () => begunAt,
    upToDateAt: () => upToDateAt,
    noteUpToDate: (nowSeconds) => {
      upToDateAt = nowSeconds
    },
    begin: (nowSeconds) => {
      begunAt ??= nowSeconds
    },
    endPast: () => {
      isPastRead = true
    },
    isCounted: (endedAt) => begunAt !== undefined && (isPastRead || endedAt >= begunAt),
    toData: () => ({
      ...(begunAt !== undefined && { begunAt }),
      isPastRead,
      ...(upToDateAt !== undefined && { upToDateAt }),
    }),
  }
}
