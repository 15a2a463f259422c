// One source's year: its backups as they come, or do not.

import type { Current } from './machine.ts'
import type { Effect, Moment, SourcePlan } from './plan.ts'
import { put, type SeriesTable } from './series.ts'

export type SourceYear = {
  /** What happens in an hour in which the machine is awake. */
  readonly live: (
    hour: number,
    moment: Moment,
    current: Current,
    over: (effect: Effect, path: string) => void,
  ) => void
  /** Enters what the gateway holds of it. */
  readonly show: (table: SeriesTable, hour: number) => void
}

/** Of each run, at the most one goes wrong in one way. */
const runEffects: readonly Effect[] = [
  'fails',
  'loses half',
  'is changed',
  'has unreadable files',
  'has ignored errors',
]

type State = {
  firstSeenAt?: number
  lastSuccessAt?: number
  runningSince?: number
  status: number
  size: number
  files: number
  changed: number
  errors: { fatal: number; ignored: number }
  runs: number
}

/** A source that was never backed up yet. */
export function createSourceYear(plan: SourcePlan, group: string, random: () => number): SourceYear {
  const { path } = plan
  const labels = `${group}, user="root", host="${plan.machine}", path="${path}"`
  const state: State = { status: 1, size: 0, files: 0, changed: 0, errors: { fatal: 0, ignored: 0 }, runs: 0 }
  let isRetired = false
  let isOwed = false

  function live(hour: number, moment: Moment, current: Current, over: (effect: Effect, path: string) => void): void {
    if (moment.day < (plan.from ?? 0)) return
    isRetired = moment.day >= (plan.until ?? Number.POSITIVE_INFINITY)
    if (current('hangs', path)) {
      state.runningSince ??= hour * 3600
      return
    }
    if (state.runningSince !== undefined) delete state.runningSince
    over('hangs', path)
    // A laptop catches up when it wakes.
    if (plan.isDue(moment)) isOwed = true
    if (plan.machine !== 'laptop' && !plan.isDue(moment)) isOwed = false
    if (!isOwed || (plan.machine === 'laptop' && moment.hour < 10) || current('does not run', path)) return
    isOwed = false
    over('does not run', path)
    backUp(hour, moment.day, current, over)
  }

  function backUp(
    hour: number,
    day: number,
    current: Current,
    over: (effect: Effect, path: string) => void,
  ): void {
    const endedAt = hour * 3600 - Math.round(random() * 1200)
    state.firstSeenAt ??= endedAt
    const wrong = runEffects.find((effect) => current(effect, path) !== undefined)
    for (const effect of runEffects) if (effect !== wrong) over(effect, path)
    state.errors = { fatal: wrong === 'has unreadable files' ? 3 : 0, ignored: wrong === 'has ignored errors' ? 2 : 0 }
    state.status = wrong === 'fails' || wrong === 'has unreadable files' ? 0 : 1
    if (state.status === 0) return
    state.lastSuccessAt = endedAt
    const kept = wrong === 'loses half' ? 0.5 : 1
    state.size = Math.round(plan.sizeOn(day) * kept * (1 + random() / 100))
    state.files = Math.round(plan.filesOn(day) * kept)
    const share = state.runs === 0 ? 1 : wrong === 'is changed' ? 0.9 : plan.changedShareOn(day) * (0.5 + random())
    state.changed = Math.round(state.files * Math.min(1, share))
    state.runs += 1
  }

  function show(table: SeriesTable, hour: number): void {
    if (state.firstSeenAt === undefined || isRetired) return
    const enter = (name: string, value: number, more = '') => put(table, `${name}{${labels}${more}}`, hour, value)
    enter('kopia_backup_first_seen_timestamp_seconds', state.firstSeenAt)
    enter('kopia_backup_status', state.status)
    for (const kind of ['fatal', 'ignored'] as const) enter('kopia_backup_errors', state.errors[kind], `, kind="${kind}"`)
    if (state.runningSince !== undefined) enter('kopia_backup_running_since_timestamp_seconds', state.runningSince)
    const { origin, seconds } = plan.interval
    // It takes three snapshots to learn an interval.
    if (origin === 'policy' || state.runs >= 3) {
      enter('kopia_backup_expected_interval_seconds', seconds, `, origin="${origin}"`)
    }
    if (state.lastSuccessAt === undefined) return
    enter('kopia_backup_last_success_timestamp_seconds', state.lastSuccessAt)
    enter('kopia_backup_size_bytes', state.size)
    enter('kopia_backup_files', state.files)
    enter('kopia_backup_changed_files', state.changed)
    if (state.status === 1) enter('kopia_backup_duration_seconds', plan.durationSeconds, ', status="success"')
  }

  return { live, show }
}
