// Stands in for Kopia with a repository so large that a real Kopia would need days to create it: a script prints its answers.

import { createWriteStream } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'

export type Size = { readonly sources: number; readonly snapshotsEach: number }

/** The start of the first snapshot, in Unix seconds. Each source has one per hour. */
export const firstSnapshotAt = Date.parse('2026-01-01T00:00:00Z') / 1000

/** Writes the script into the folder, and resolves with its path. */
export async function makeLargeRepository(folder: string, size: Size): Promise<string> {
  const list = join(folder, 'snapshots.json')
  await pipeline(Readable.from(listOf(size)), createWriteStream(list))
  const status = {
    clientOptions: { hostname: 'vm', username: 'root', enableActions: true },
    storage: { type: 'filesystem' },
    uniqueIDHex: 'ed00',
  }
  const binary = join(folder, 'large-kopia')
  const script = `#!/bin/sh
case "$*" in
  *'snapshot list'*) exec cat '${list}' ;;
  *'repository status'*) echo '${JSON.stringify(status)}' ;;
  *'policy list'*) echo '[]' ;;
  *'maintenance info'*) echo '{"owner":"root@vm","quick":{},"full":{}}' ;;
  *'blob stats'*) printf 'Count: 1\\nTotal: 2\\n' ;;
  *'content stats'*) printf 'Count: 1\\nTotal Bytes: 2\\n' ;;
  *) echo "unexpected command: $*" >&2; exit 1 ;;
esac
`
  await writeFile(binary, script, { mode: 0o755 })
  return binary
}

/** Formats the list as Kopia 0.23.1 does, by source and time. */
function* listOf({ sources, snapshotsEach }: Size): Generator<string> {
  yield '[\n'
  for (let source = 0; source < sources; source += 1) {
    for (let number = 0; number < snapshotsEach; number += 1) {
      const isLast = source === sources - 1 && number === snapshotsEach - 1
      yield ` ${JSON.stringify(snapshotOf(source, number))}${isLast ? '' : ','}\n`
    }
  }
  yield ']\n'
}

function snapshotOf(source: number, number: number): unknown {
  const startedAt = firstSnapshotAt + number * 3600 + source / 100
  return {
    id: `${source}f${number}`.padStart(32, '0'),
    source: { host: 'vm', userName: 'root', path: `/data/source-${source}` },
    description: '',
    startTime: new Date(startedAt * 1000).toISOString(),
    endTime: new Date((startedAt + 2) * 1000).toISOString(),
    stats: {
      totalSize: 1000 + source,
      excludedTotalSize: 0,
      fileCount: 10,
      cachedFiles: 7,
      nonCachedFiles: 3,
      dirCount: 2,
      excludedFileCount: 0,
      excludedDirCount: 0,
      ignoredErrorCount: 0,
      errorCount: 0,
    },
    rootEntry: {
      name: `source-${source}`,
      type: 'd',
      mode: '0755',
      mtime: '2026-01-01T00:00:00Z',
      obj: 'k4422cbb1e5044279921dcac39a4e35a3',
      summ: { size: 1000 + source, files: 10, symlinks: 0, dirs: 2, maxTime: '2026-01-01T00:00:00Z' },
    },
    retentionReason: [`latest-${number + 1}`, `hourly-${number + 1}`, 'daily-1'],
    pins: [],
  }
}
