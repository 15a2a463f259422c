// How Kopia's commands ended, and how the end of another run changes that. Pure.

/** How the last run of one of Kopia's commands ended, as a whole. */
export type CommandState = {
  readonly result: 'success' | 'failed'
  readonly lastSuccessAt?: number
  /** Undefined in an older ledger. */
  readonly endedAt?: number
  /** Why it failed, in one line without secrets. */
  readonly reason?: string
}

/** Of two runs, the later end counts, and the earlier one is its last success at most. `reason` says why it failed. */
export function withCommand(
  known: CommandState | undefined,
  endedAt: number,
  reason: string | undefined,
  nowSeconds: number,
): CommandState {
  const knownEnd = known?.endedAt ?? 0
  const isOutdated = endedAt < knownEnd && knownEnd <= nowSeconds
  if (known !== undefined && isOutdated) {
    const isLaterSuccess = reason === undefined && endedAt > (known.lastSuccessAt ?? 0)
    return isLaterSuccess ? { ...known, lastSuccessAt: endedAt } : known
  }
  const lastSuccessAt = reason === undefined ? endedAt : known?.lastSuccessAt
  return {
    result: reason === undefined ? 'success' : 'failed',
    endedAt,
    ...(lastSuccessAt !== undefined && { lastSuccessAt }),
    ...(reason !== undefined && { reason }),
  }
}
