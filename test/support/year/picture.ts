// What an agent pushes of one source, from what it knows at that moment. As agent/metrics/ has it, where alerts ask for it.

import { day, yearBegins } from './calendar.ts'
import type { SourcePlan } from './plan.ts'
import type { Run } from './source.ts'
import type { Value } from './tracks.ts'

/** Values by series. */
export type Picture = ReadonlyMap<string, Value>

type Known = {
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
  readonly picture: () => Picture
}

/** A ledger that knows nothing of the source yet. */
export function createSourceLedger(plan: SourcePlan, group: string, random: () => number): SourceLedger {
  const labels = `${group}, user="root", host="${plan.machine}", path="${plan.path}"`
  const known: Known = { attempts: { success: 0, failed: 0 } }

  function begin({ begunAt }: Run): void {
    known.firstSeenAt ??= begunAt
    known.runningSince = begunAt
  }

  function end(run: Run): void {
    delete known.runningSince
    known.lastRun = run
    known.attempts[run.isGood ? 'success' : 'failed'] += 1
    if (!run.isGood) return
    known.lastSuccessAt = run.endedAt
    known.newest = snapshotOf(run)
  }

  /** Files that are new count as changed, as Kopia's own figure has it. */
  function snapshotOf({ begunAt, effect }: Run) {
    const dayOfYear = Math.floor((begunAt - yearBegins) / day)
    const kept = effect === 'loses half' ? 0.5 : 1
    const files = Math.round(plan.filesOn(dayOfYear) * kept)
    const before = known.newest?.files ?? 0
    const share = effect === 'is changed' ? 0.9 : plan.changedShareOn(dayOfYear) * (0.5 + random())
    const changed = Math.round(Math.min(files, before) * Math.min(1, share)) + Math.max(0, files - before)
    return { size: Math.round(plan.sizeOn(dayOfYear) * kept * (1 + random() / 100)), files, changed }
  }

  function picture(): Picture {
    const values = new Map<string, Value>()
    if (known.firstSeenAt === undefined) return values
    const put = (name: string, value: Value, more = '') => {
      if (value !== undefined) values.set(`${name}{${labels}${more}}`, value)
    }
    const { lastRun, newest, attempts } = known
    put('kopia_backup_first_seen_timestamp_seconds', known.firstSeenAt)
    put('kopia_backup_running_since_timestamp_seconds', known.runningSince)
    put('kopia_backup_last_success_timestamp_seconds', known.lastSuccessAt)
    put('kopia_backup_size_bytes', newest?.size)
    put('kopia_backup_files', newest?.files)
    put('kopia_backup_changed_files', newest?.changed)
    const { origin, seconds } = plan.interval
    // It takes three snapshots to learn an interval.
    if (origin === 'policy' || attempts.success >= 3) {
      put('kopia_backup_expected_interval_seconds', seconds, `, origin="${origin}"`)
    }
    if (lastRun === undefined) return values
    const status = lastRun.isGood ? 'success' : 'failed'
    put('kopia_backup_status', lastRun.isGood ? 1 : 0)
    put('kopia_backup_duration_seconds', lastRun.endedAt - lastRun.begunAt, `, status="${status}"`)
    put('kopia_backup_errors', lastRun.effect === 'has unreadable files' ? 3 : 0, ', kind="fatal"')
    put('kopia_backup_errors', lastRun.effect === 'has ignored errors' ? 2 : 0, ', kind="ignored"')
    return values
  }

  return { begin, end, picture }
}
