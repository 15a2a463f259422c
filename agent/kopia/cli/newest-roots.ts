// The newest complete snapshot of each source, out of `kopia snapshot list --json`.

import { asRecord, asString } from '../../util/json.ts'
import { formatSource } from '../source.ts'
import { parseEntry } from './entry.ts'
import { createListReader } from './json-list.ts'
import type { SnapshotRoot } from './reading.ts'
import { asTime, parseSnapshotSource } from './snapshots.ts'

type RootsReader = {
  readonly addLine: (line: string) => void
  /** By `user@host:path`; throws an Error that names the first unexpected value. */
  readonly end: () => ReadonlyMap<string, SnapshotRoot>
}

/** Reads the list line by line and keeps one snapshot per source. */
export function createRootsReader(): RootsReader {
  const roots = new Map<string, SnapshotRoot>()
  const list = createListReader('snapshots', (value, index) => {
    const entry = asRecord(value, `snapshot ${index}`)
    const isComplete = entry.incomplete === undefined || entry.incomplete === ''
    // Kopia itself skips a snapshot that has no root (cli/command_snapshot_verify.go).
    if (!isComplete || entry.rootEntry === undefined || entry.rootEntry === null) return
    const source = parseSnapshotSource(entry, index)
    const startedAt = asTime(entry.startTime, `startTime of snapshot ${index}`)
    const key = formatSource(source)
    if (startedAt < (roots.get(key)?.startedAt ?? Number.NEGATIVE_INFINITY)) return
    const snapshotId = asString(entry.id, `id of snapshot ${index}`)
    roots.set(key, {
      snapshotId,
      source,
      startedAt,
      root: parseEntry(entry.rootEntry, `root of snapshot ${index}`),
    })
  })
  return {
    addLine: list.addLine,
    end: () => {
      list.end()
      return roots
    },
  }
}
