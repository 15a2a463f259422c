// The lines in which `kopia snapshot verify` names the files that it could not read.

import { formatSource, type Source } from '../source.ts'

/** `path` is below the snapshot's root and begins with `/`, or is empty; undefined if it can't be told for certain. */
export type ErrorRecord = { readonly reason: string; readonly path: string | undefined }

type ErrorRecords = { readonly add: (line: string) => void; readonly end: () => readonly ErrorRecord[] }

/** Kopia stops after 100 errors; some more can come from what it does at the same time. */
const mostRecords = 500
const mostRecordLength = 32_000

/** How a reason begins (snapshot/snapshotfs/snapshot_verifier.go and snapshot_tree_walker.go). */
const reasonStarts =
  /: (?=(?:error reading object [\w]+: |object [\w]+ is backed by missing blob |verify object: |error verifying content |error reading directory: |found \d+ of the \d+ requested snapshot IDs))/g

/** Reads `error processing USER@HOST:PATH@TIME/path/below: REASON`, where the path can hold line ends. */
export function createErrorRecords(source: Source): ErrorRecords {
  const records: ErrorRecord[] = []
  let open: string | undefined

  function close(): void {
    if (open !== undefined && records.length < mostRecords) records.push(parseRecord(open, source))
    open = undefined
  }

  return {
    add: (line) => {
      if (line.startsWith(prefix)) {
        close()
        open = line
      } else if (open !== undefined && open.length < mostRecordLength && !isComplete(open)) {
        open += `\n${line}`
      }
    },
    end: () => {
      close()
      return records
    },
  }
}

const prefix = 'error processing '

function isComplete(record: string): boolean {
  return record.search(reasonStarts) >= 0
}

function parseRecord(record: string, source: Source): ErrorRecord {
  const starts = [...record.matchAll(reasonStarts)]
  const last = starts.at(-1)
  const reason = last === undefined ? record.slice(prefix.length) : record.slice(last.index + 2)
  const text = last === undefined ? '' : record.slice(prefix.length, last.index)
  // A name that holds a reason itself: where it ends is not certain.
  return { reason, path: starts.length === 1 ? pathIn(text, source) : undefined }
}

/** The path behind `USER@HOST:PATH@2026-11-28 00:15:43 UTC`, unless Kopia has changed it: it resolves `..` in names. */
function pathIn(text: string, source: Source): string | undefined {
  const root = formatSource(source)
  if (!text.startsWith(`${root}@`)) return undefined
  const [, path] = /^@\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [^\s/:]+(|\/.*)$/s.exec(text.slice(root.length)) ?? []
  return path === undefined || /\p{Cc}/u.test(path) ? undefined : path
}
