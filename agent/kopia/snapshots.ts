// `kopia snapshot list --json`: checked at this border, trusted behind it.

import { asNumber, asRecord, asString } from './json.ts'
import { parseTime } from './log-record.ts'
import { formatSource, type Source } from './source.ts'

/** A snapshot manifest. Times in Unix seconds, sizes in bytes. */
export type Snapshot = {
  readonly id: string
  readonly source: Source
  readonly startedAt: number
  readonly endedAt: number
  /** Why it is not complete: `canceled`, `limit reached`, `checkpoint`; undefined for a complete one. */
  readonly incomplete: string | undefined
  readonly sizeBytes: number
  readonly files: number
  readonly directories: number
  /** Files whose contents were not the same as in the snapshot before. */
  readonly changedFiles: number
  readonly excludedFiles: number
  readonly fatalErrors: number
  readonly ignoredErrors: number
  /** Such as `latest-1`, `daily-3`. */
  readonly retentionReasons: readonly string[]
  readonly pins: readonly string[]
}

/** Turns Kopia's answer into snapshots; throws an Error that names the first thing that is not as expected. */
export function parseSnapshots(answer: unknown): readonly Snapshot[] {
  if (!Array.isArray(answer)) throw new Error('expected a list of snapshots')
  return answer.map((entry: unknown, index) => parseSnapshot(asRecord(entry, `snapshot ${index}`), index))
}

function parseSnapshot(entry: Record<string, unknown>, index: number): Snapshot {
  const source = asRecord(entry.source, `source of snapshot ${index}`)
  const stats = asRecord(entry.stats ?? {}, `stats of snapshot ${index}`)
  const rootEntry = asRecord(entry.rootEntry ?? {}, `rootEntry of snapshot ${index}`)
  const summary = asRecord(rootEntry.summ ?? {}, `summary of snapshot ${index}`)
  return {
    id: asString(entry.id, `id of snapshot ${index}`),
    source: {
      user: asString(source.userName, `userName of snapshot ${index}`),
      host: asString(source.host, `host of snapshot ${index}`),
      path: asString(source.path, `path of snapshot ${index}`),
    },
    startedAt: asTime(entry.startTime, `startTime of snapshot ${index}`),
    endedAt: asTime(entry.endTime, `endTime of snapshot ${index}`),
    incomplete:
      typeof entry.incomplete === 'string' && entry.incomplete !== '' ? entry.incomplete : undefined,
    // A single file has no summary; its own size is in the stats.
    sizeBytes: asNumber(summary.size ?? stats.totalSize),
    files: asNumber(summary.files ?? stats.fileCount),
    directories: asNumber(summary.dirs ?? stats.dirCount),
    changedFiles: asNumber(stats.nonCachedFiles),
    excludedFiles: asNumber(stats.excludedFileCount),
    fatalErrors: asNumber(stats.errorCount),
    ignoredErrors: asNumber(stats.ignoredErrorCount),
    retentionReasons: asStrings(entry.retentionReason),
    pins: asStrings(entry.pins),
  }
}

/** Groups snapshots by `user@host:path`, each group oldest first. */
export function bySource(snapshots: readonly Snapshot[]): ReadonlyMap<string, readonly Snapshot[]> {
  const oldestFirst = [...snapshots].sort((one, other) => one.startedAt - other.startedAt)
  return Map.groupBy(oldestFirst, (snapshot) => formatSource(snapshot.source))
}

function asTime(value: unknown, what: string): number {
  const seconds = parseTime(asString(value, what))
  if (seconds === undefined) throw new Error(`expected a time as ${what}`)
  return seconds
}

function asStrings(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((entry) => typeof entry === 'string') : []
}
