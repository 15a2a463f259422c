// `kopia snapshot list --json`: parses and checks the output, so that no other code has to.

import { asNumber, asRecord, asString } from '../../util/json.ts'
import { parseTime } from '../../util/time.ts'
import { formatSource, type Source } from '../source.ts'
import { createListReader } from './json-list.ts'

/** A snapshot manifest. Times in Unix seconds, sizes in bytes. */
export type Snapshot = {
  readonly id: string
  readonly source: Source
  readonly startedAt: number
  readonly endedAt: number
  /** Why it is incomplete: `canceled`, `limit reached`, `checkpoint`; undefined for a complete one. */
  readonly incomplete: string | undefined
  readonly sizeBytes: number
  readonly files: number
  readonly directories: number
  /** Files that differ from the previous snapshot. */
  readonly changedFiles: number
  readonly excludedFiles: number
  readonly fatalErrors: number
  readonly ignoredErrors: number
  /** The first files that could not be read; only where some made the snapshot fail, since the list is long. */
  readonly errors?: readonly FileError[]
  /** For example `latest-1`, `daily-3`. */
  readonly retentionReasons: readonly string[]
  readonly pins: readonly string[]
}

/** `path` is relative to the source. Kopia lists fatal and ignored errors together. */
type FileError = { readonly path: string; readonly error: string }

const mostErrors = 3

type SnapshotReader = {
  /** Takes the next line of Kopia's output. */
  readonly addLine: (line: string) => void
  /** Returns all snapshots; throws an Error that names the first unexpected value. */
  readonly end: () => readonly Snapshot[]
}

/**
 * Reads the list line by line. 100,000 snapshots are 70 MB of text, so only the parsed snapshots stay in memory, and equal
 * values are stored once.
 */
export function createSnapshotReader(): SnapshotReader {
  const snapshots: Snapshot[] = []
  const shared = createShared()
  const list = createListReader('snapshots', (entry, index) => {
    snapshots.push(shared(parseSnapshot(asRecord(entry, `snapshot ${index}`), index)))
  })
  return {
    addLine: list.addLine,
    end: () => {
      list.end()
      return snapshots
    },
  }
}

/** Most snapshots share their source, retention reasons and unreadable files, so each of these is stored once. */
function createShared(): (snapshot: Snapshot) => Snapshot {
  const sources = new Map<string, Source>()
  const lists = new Map<string, readonly string[]>()
  const errorLists = new Map<string, readonly FileError[]>()
  const sharedList = (list: readonly string[]) => getOrAdd(lists, list.join('\n'), list)
  return (snapshot) => ({
    ...snapshot,
    source: getOrAdd(sources, formatSource(snapshot.source), snapshot.source),
    retentionReasons: sharedList(snapshot.retentionReasons),
    pins: sharedList(snapshot.pins),
    ...(snapshot.errors && {
      errors: getOrAdd(errorLists, JSON.stringify(snapshot.errors), snapshot.errors),
    }),
  })
}

function getOrAdd<T>(values: Map<string, T>, key: string, value: T): T {
  const known = values.get(key)
  if (known !== undefined) return known
  values.set(key, value)
  return value
}

function parseSnapshot(entry: Record<string, unknown>, index: number): Snapshot {
  const stats = asRecord(entry.stats ?? {}, `stats of snapshot ${index}`)
  const rootEntry = asRecord(entry.rootEntry ?? {}, `rootEntry of snapshot ${index}`)
  const summary = asRecord(rootEntry.summ ?? {}, `summary of snapshot ${index}`)
  const fatalErrors = asNumber(stats.errorCount)
  return {
    id: asString(entry.id, `id of snapshot ${index}`),
    source: parseSnapshotSource(entry, index),
    startedAt: asTime(entry.startTime, `startTime of snapshot ${index}`),
    endedAt: asTime(entry.endTime, `endTime of snapshot ${index}`),
    incomplete:
      typeof entry.incomplete === 'string' && entry.incomplete !== '' ? entry.incomplete : undefined,
    // A source that is a single file has no summary; its size is in the stats.
    sizeBytes: asNumber(summary.size ?? stats.totalSize),
    files: asNumber(summary.files ?? stats.fileCount),
    directories: asNumber(summary.dirs ?? stats.dirCount),
    changedFiles: asNumber(stats.nonCachedFiles),
    excludedFiles: asNumber(stats.excludedFileCount),
    fatalErrors,
    ignoredErrors: asNumber(stats.ignoredErrorCount),
    retentionReasons: asStrings(entry.retentionReason),
    pins: asStrings(entry.pins),
    ...(fatalErrors > 0 && { errors: asFileErrors(summary.errors) }),
  }
}

/** Throws an Error that names what is missing. */
export function parseSnapshotSource(entry: Record<string, unknown>, index: number): Source {
  const source = asRecord(entry.source, `source of snapshot ${index}`)
  return {
    user: asString(source.userName, `userName of snapshot ${index}`),
    host: asString(source.host, `host of snapshot ${index}`),
    path: asString(source.path, `path of snapshot ${index}`),
  }
}

/** Kopia sorts the list by path. An entry of another form is left out: the list only explains. */
function asFileErrors(value: unknown): readonly FileError[] {
  const entries: readonly unknown[] = Array.isArray(value) ? value : []
  return entries
    .filter(isFileError)
    .slice(0, mostErrors)
    .map(({ path, error }) => ({ path, error }))
}

function isFileError(entry: unknown): entry is FileError {
  if (typeof entry !== 'object' || entry === null || !('path' in entry) || !('error' in entry)) return false
  return typeof entry.path === 'string' && typeof entry.error === 'string'
}

/** Groups snapshots by `user@host:path`, the oldest first in each group. */
export function bySource(snapshots: readonly Snapshot[]): ReadonlyMap<string, readonly Snapshot[]> {
  const oldestFirst = [...snapshots].sort((one, other) => one.startedAt - other.startedAt)
  return Map.groupBy(oldestFirst, (snapshot) => formatSource(snapshot.source))
}

/** The newest complete snapshot of a list that is ordered oldest first; undefined where none is complete. */
export function newestComplete(snapshots: readonly Snapshot[]): Snapshot | undefined {
  return snapshots.findLast((snapshot) => snapshot.incomplete === undefined)
}

/** Unix seconds; throws an Error that names `what` if it is no time. */
export function asTime(value: unknown, what: string): number {
  const seconds = parseTime(asString(value, what))
  if (seconds === undefined) throw new Error(`expected a time as ${what}`)
  return seconds
}

function asStrings(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((entry) => typeof entry === 'string') : []
}
