// The commands of Kopia that failed, as far as that needs attention. Pure.

import type { CommandState, Ledger } from '../ledger/ledger.ts'

export type FailedCommand = { readonly command: string; readonly reason?: string }

/** The person who ran it saw the failure and may never repeat it: it is told for a day, as in the alert KopiaCommandFailed. */
const restores: ReadonlySet<string> = new Set(['snapshot restore', 'restore'])
const toldSeconds = 86_400

/** The commands whose last run failed. A backup is left out where `isShown` says that a source shows it. */
export function failedCommandsOf(
  { commands }: Pick<Ledger, 'commands'>,
  isShown: () => boolean,
  nowSeconds: number,
): readonly FailedCommand[] {
  return [...commands]
    .filter(([command, state]) => state.result === 'failed' && !isOver(command, state, nowSeconds))
    .filter(([command]) => command !== 'snapshot create' || !isShown())
    .map(([command, { reason }]) => ({ command, ...(reason !== undefined && { reason }) }))
}

function isOver(command: string, { endedAt = 0 }: CommandState, nowSeconds: number): boolean {
  return restores.has(command) && nowSeconds - endedAt > toldSeconds
}
