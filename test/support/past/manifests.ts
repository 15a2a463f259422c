// Manifests of the past, which a real Kopia makes with `--start-time` and `--end-time`.

import type { KopiaLab } from '../kopia.ts'

/** A source by its path, and the start and end of its snapshot in Unix seconds. */
export type PastSnapshot = { readonly path: string; readonly startedAt: number; readonly endedAt: number }

/** A call of Kopia mostly waits for its key derivation. More calls at a time gain nothing on a small machine. */
const callsAtOnce = 3

/**
 * Makes the snapshots, the oldest first; those of the same times in one call. Kopia's own logs would show backups of today, so
 * it writes none.
 */
export async function makeManifests(kopia: KopiaLab, snapshots: readonly PastSnapshot[]): Promise<void> {
  const calls = [...Map.groupBy(snapshots, ({ startedAt, endedAt }) => `${startedAt} ${endedAt}`).values()]
  calls.sort(([one], [other]) => (one?.startedAt ?? 0) - (other?.startedAt ?? 0))
  const left = calls.values()
  const work = async () => {
    for (const call of left) await makeTogether(kopia, call)
  }
  await Promise.all(Array.from({ length: callsAtOnce }, work))
}

async function makeTogether(kopia: KopiaLab, snapshots: readonly PastSnapshot[]): Promise<void> {
  const [first] = snapshots
  if (first === undefined) return
  await kopia.must(
    'snapshot',
    'create',
    '--disable-file-logging',
    '--no-auto-maintenance',
    `--start-time=${formatTime(first.startedAt)}`,
    `--end-time=${formatTime(first.endedAt)}`,
    ...snapshots.map(({ path }) => path),
  )
}

/** The only format that Kopia takes: `2026-11-24 22:00:00 UTC`. */
function formatTime(at: number): string {
  return new Date(at * 1000).toISOString().replace('T', ' ').replace('.000Z', ' UTC')
}
