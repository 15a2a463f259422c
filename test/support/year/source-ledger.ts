// The metrics of one source. They follow agent/metrics/ as far as alerts use them.

import { day, yearBegins } from './calendar.ts'
import type { SourcePlan } from './plan.ts'
import type { Run } from './source-runs.ts'
import type { Value } from './tracks.ts'

/** Values by series. */
export type Metrics = ReadonlyMap<string, Value>

type State = {
  firstSeenAt?: number
  lastSuccessAt?: number
  runningSince?: number
  lastRun?: Run
  newest?: { readonly size: number; readonly files: number; readonly changed: number }
  attempts: { success: number; failed: number }
}

export type SourceLedger = {
  readonly begin: (run: Run) => void
  readonly end: (run: Run) => void
  readonly metrics: () => Metrics
}

/** Creates a ledger without any run of the source. */
export function createSourceLedger(plan: SourcePlan, group: string, random: () => number): SourceLedger {
  const labels = `${group}, user="root", host="${plan.machine}", path="${plan.path}"`
  const state: State = { attempts: { success: 0, failed: 0 } }

  function begin({ startedAt }: Run): void {
    state.firstSeenAt ??= startedAt
    state.runningSince = startedAt
  }

  function end(run: Run): void {
    delete state.runningSince
    state.lastRun = run
    state.attempts[run.isGood ? 'success' : 'failed'] += 1
    if (!run.isGood) return
    state.lastSuccessAt = run.endedAt
    state.newest = snapshotOf(run)
  }

  /** New files count as changed, as in Kopia's own figure. */
  function snapshotOf({ startedAt, effect }: Run) {
    const dayOfYear = Math.floor((startedAt - yearBegins) / day)
    const factor = effect === 'loses half' ? 0.5 : 1
    const files = Math.round(plan.filesOn(dayOfYear) * factor)
    const before = state.newest?.files ?? 0
    const share = effect === 'is changed' ? 0.9 : plan.changedShareOn(dayOfYear) * (0.5 + random())
    const changed = Math.round(Math.min(files, before) * Math.min(1, share)) + Math.max(0, files - before)
    return { size: Math.round(plan.sizeOn(dayOfYear) * factor * (1 + random() / 100)), files, changed }
  }

  return { begin, end, metrics: () => metricsOf(plan, labels, state) }
}

function metricsOf(plan: SourcePlan, labels: string, state: State): Metrics {
  const values = new Map<string, Value>()
  if (state.firstSeenAt === undefined) return values
  const put = (name: string, value: Value, more = '') => {
    if (value !== undefined) values.set(`${name}{${labels}${more}}`, value)
  }
  const { lastRun, newest, attempts } = state
  put('kopia_backup_first_seen_timestamp_seconds', state.firstSeenAt)
  put('kopia_backup_running_since_timestamp_seconds', state.runningSince)
  put('kopia_backup_last_success_timestamp_seconds', state.lastSuccessAt)
  put('kopia_backup_size_bytes', newest?.size)
  put('kopia_backup_files', newest?.files)
  put('kopia_backup_changed_files', newest?.changed)
  const { origin, seconds } = plan.interval
  // The agent needs three snapshots to learn an interval.
  if (origin === 'policy' || attempts.success >= 3) {
    put('kopia_backup_expected_interval_seconds', seconds, `, origin="${origin}"`)
  }
  if (lastRun === undefined) return values
  const status = lastRun.isGood ? 'success' : 'failed'
  put('kopia_backup_status', lastRun.isGood ? 1 : 0)
  put('kopia_backup_duration_seconds', lastRun.endedAt - lastRun.startedAt, `, status="${status}"`)
  put('kopia_backup_errors', lastRun.effect === 'has unreadable files' ? 3 : 0, ', kind="fatal"')
  put('kopia_backup_errors', lastRun.effect === 'has ignored errors' ? 2 : 0, ', kind="ignored"')
  return values
}
