// `kopia maintenance info --json`: when the repository was last kept in order, and when it will be next.

import { asRecord } from '../../util/json.ts'
import { parseTime } from '../../util/time.ts'

export type MaintenanceKind = 'quick' | 'full'

/** Unix seconds; undefined where it never happened, or is not planned. */
export type Maintenance = Readonly<
  Record<MaintenanceKind, { readonly lastSuccessAt?: number; readonly nextAt?: number }>
>

/** Turns Kopia's answer into times; throws an Error that names the first thing that is not as expected. */
export function parseMaintenance(answer: unknown): Maintenance {
  const info = asRecord(answer, 'maintenance info')
  const schedule = asRecord(info.schedule ?? {}, 'schedule')
  const runs = asRecord(schedule.runs ?? {}, 'runs')
  return {
    quick: timesOf(
      info.quick,
      schedule.nextQuickMaintenance,
      lastSuccessOf(runs, () => true),
    ),
    full: timesOf(
      info.full,
      schedule.nextFullMaintenance,
      lastSuccessOf(runs, (task) => fullTasks.has(task)),
    ),
  }
}

/** Tasks that only a full maintenance runs (seen in 0.23.1); what a quick one runs, a full one does, too. */
const fullTasks: ReadonlySet<string> = new Set([
  'snapshot-gc',
  'full-rewrite-contents',
  'full-delete-blobs',
  'full-drop-deleted-content',
])

function timesOf(
  settings: unknown,
  next: unknown,
  lastSuccessAt: number | undefined,
): Maintenance[MaintenanceKind] {
  const isEnabled = asRecord(settings ?? {}, 'maintenance settings').enabled === true
  const nextAt = isEnabled && typeof next === 'string' ? parseTime(next) : undefined
  return {
    ...(lastSuccessAt !== undefined && { lastSuccessAt }),
    // Go's zero time stands for none.
    ...(nextAt !== undefined && nextAt > 0 && { nextAt }),
  }
}

function lastSuccessOf(
  runs: Record<string, unknown>,
  isMeant: (task: string) => boolean,
): number | undefined {
  const ends = Object.entries(runs)
    .filter(([task]) => isMeant(task))
    .flatMap(([, list]): unknown[] => (Array.isArray(list) ? list : []))
    .map((run) => asRecord(run, 'maintenance run'))
    .map(({ success, end }) => (success === true && typeof end === 'string' ? parseTime(end) : undefined))
    .filter((end) => end !== undefined)
  return ends.length === 0 ? undefined : Math.max(...ends)
}
