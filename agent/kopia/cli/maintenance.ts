// `kopia maintenance info --json`: the last and the next maintenance of the repository.

import { asRecord } from '../../util/json.ts'
import { parseTime } from '../../util/time.ts'

type MaintenanceKind = 'quick' | 'full'

/** Unix seconds; undefined if it never succeeded, or is not scheduled. */
export type Maintenance = Readonly<
  Record<MaintenanceKind, { readonly lastSuccessAt?: number; readonly nextAt?: number }>
>

/** Parses Kopia's output; throws an Error that names the first unexpected value. */
export function parseMaintenance(output: unknown): Maintenance {
  const info = asRecord(output, 'maintenance info')
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

/** Tasks that only a full maintenance runs (observed in Kopia 0.23.1). It also runs all tasks of a quick one. */
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
    // Go's zero time means that none is scheduled.
    ...(nextAt !== undefined && nextAt > 0 && { nextAt }),
  }
}

function lastSuccessOf(
  runs: Record<string, unknown>,
  isCounted: (task: string) => boolean,
): number | undefined {
  const ends = Object.entries(runs)
    .filter(([task]) => isCounted(task))
    .flatMap(([, list]): unknown[] => (Array.isArray(list) ? list : []))
    .map((run) => asRecord(run, 'maintenance run'))
    .map(({ success, end }) => (success === true && typeof end === 'string' ? parseTime(end) : undefined))
    .filter((end) => end !== undefined)
  return ends.length === 0 ? undefined : Math.max(...ends)
}
