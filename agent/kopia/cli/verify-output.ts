// What `kopia snapshot verify` prints, as a report (texts of 0.19 to 0.23).

import { asNumber, asRecord, parseJson } from '../../util/json.ts'
import { isDamage } from './read-errors.ts'
import type { ReadFailure, ReadResult, SnapshotRoot, VerifyOptions, VerifyReport } from './reading.ts'
import type { FailureByKopia } from './streamed-call.ts'
import { createErrorRecords, type ErrorRecord } from './verify-errors.ts'

export type VerifyOutput = {
  readonly addChunk: (chunk: Buffer) => void
  readonly addErrorLine: (line: string) => void
  /** Objects that Kopia expects to look at; at first as many as the snapshot's files. */
  readonly expectedObjects: () => number
  /** `lastError` is the error that Kopia ended with; undefined if it ended well. */
  readonly end: (lastError: string | undefined) => ReadResult<VerifyReport>
  /** For a call that did not come to its end: blobs that were found missing or damaged until then are a report. */
  readonly endEarly: (failure: ReadFailure) => ReadResult<VerifyReport>
}

const mostFailures = 20
/** A hundred errors of usual length are 50 kB. */
const mostAnswerBytes = 8 * 1024 * 1024

/** Reads the output while it comes. */
export function createVerifyOutput(
  { root, source, snapshotId }: SnapshotRoot,
  onProgress: VerifyOptions['onProgress'],
  failureOf: (text: string) => FailureByKopia,
): VerifyOutput {
  const answer: Buffer[] = []
  let answerBytes = 0
  let expected = root.files
  let done = 0
  let manifestProblem: string | undefined
  const records = createErrorRecords(source)

  function readProgress(line: string): boolean {
    const progress = progressIn(line)
    if (progress === undefined) return false
    done = progress.done
    expected = Math.max(expected, progress.expected, done)
    onProgress(done, expected)
    return true
  }

  function explain({ reason, path }: ErrorRecord): FoundError {
    const cause = isManifestGone(reason) ? (manifestProblem ?? reason) : reason
    const objectPath = objectPathOf(root.objectId, reason, path)
    return { ...failureOf(cause), objectPath }
  }

  return {
    addChunk: (chunk) => {
      answerBytes += chunk.length
      if (answerBytes <= mostAnswerBytes) answer.push(chunk)
    },
    addErrorLine: (line) => {
      if (readProgress(line)) return
      const manifest = `unable to parse snapshot manifest ${snapshotId}: `
      if (line.startsWith(manifest)) manifestProblem = line.slice(manifest.length)
      records.add(line)
    },
    expectedObjects: () => expected,
    end: (lastError) => {
      const text = answerBytes <= mostAnswerBytes ? Buffer.concat(answer).toString() : ''
      const found = errorsFound(answerIn(text), records.end(), lastError)
      if (found.length === 0 && lastError !== undefined) return { ok: false, failure: failureOf(lastError) }
      return reportOf(
        figuresIn(answerIn(text)) ?? { objects: done, readFiles: 0, readBytes: 0 },
        found.map(explain),
      )
    },
    endEarly: (why) => {
      const found = records.end().map(explain)
      // An end by a signal can itself make errors of reading.
      const certain = found.filter(({ kind }) => kind === 'missing_blob' || kind === 'checksum')
      if (certain.length === 0) return { ok: false, failure: why }
      return reportOf({ objects: done, readFiles: 0, readBytes: 0 }, certain)
    },
  }
}

type FoundError = FailureByKopia & { readonly objectPath: string }
type Figures = Pick<VerifyReport, 'objects' | 'readFiles' | 'readBytes'>

/** An error about the way to the repository says nothing about the snapshot, unless others say that it is damaged. */
function reportOf(figures: Figures, found: readonly FoundError[]): ReadResult<VerifyReport> {
  const damages = found.flatMap(({ kind, ...rest }) => (isDamage(kind) ? [{ ...rest, kind }] : []))
  const [other] = found
  if (damages.length === 0 && other !== undefined)
    return { ok: false, failure: { kind: other.kind, reason: other.reason } }
  const errors = { missing_blob: 0, checksum: 0, read: 0 }
  for (const { kind } of damages) errors[kind] += 1
  return { ok: true, value: { ...figures, errors, failures: damages.slice(0, mostFailures) } }
}

/**
 * Kopia lists the reasons without the paths in its JSON, and both in its lines. A name of a file can hold what looks like a
 * reason, or like a line: so a path counts only beside a reason that is in the JSON, where there is JSON.
 */
function errorsFound(
  answer: Record<string, unknown> | undefined,
  records: readonly ErrorRecord[],
  lastError: string | undefined,
): readonly ErrorRecord[] {
  const reasons = Array.isArray(answer?.errorStrings) ? answer.errorStrings.map(String) : undefined
  if (reasons === undefined && records.length === 0 && lastError !== undefined && isManifestGone(lastError))
    return [{ reason: lastError, path: undefined }]
  if (reasons === undefined) return records
  const left = [...records]
  return reasons.map((reason) => {
    const index = left.findIndex((record) => record.reason === reason)
    return index < 0 ? { reason, path: undefined } : (left.splice(index, 1)[0] ?? { reason, path: undefined })
  })
}

function isManifestGone(reason: string): boolean {
  return /^found \d+ of the \d+ requested snapshot IDs/.test(reason)
}

function objectPathOf(rootId: string, reason: string, path: string | undefined): string {
  if (path !== undefined) return `${rootId}${path}`
  return /\b(?:object|content info for) ([A-Za-z]{0,3}[0-9a-f]{16,})\b/.exec(reason)?.[1] ?? rootId
}

function answerIn(text: string): Record<string, unknown> | undefined {
  try {
    return asRecord(parseJson(text), 'answer')
  } catch {
    // Kopia before 0.21 prints none; a call that failed early, too.
    return undefined
  }
}

function figuresIn(answer: Record<string, unknown> | undefined): Figures | undefined {
  if (answer === undefined) return undefined
  const stats = asRecord(answer.stats ?? {}, 'stats')
  return {
    objects: asNumber(stats.processedObjectCount),
    readFiles: asNumber(stats.readFileCount),
    readBytes: asNumber(stats.readBytes),
  }
}

/** A line of JSON once a second; before 0.21 `Processed 11 objects.` and at last `Finished processing 11 objects.` */
function progressIn(line: string): { readonly done: number; readonly expected: number } | undefined {
  const plain = /^(?:Processed|Finished processing) (\d+) objects/.exec(line)?.[1]
  if (plain !== undefined) return { done: Number(plain), expected: 0 }
  if (!line.startsWith('{"processedObjectCount":')) return undefined
  const progress = answerIn(line)
  return (
    progress && {
      done: asNumber(progress.processedObjectCount),
      expected: asNumber(progress.expectedTotalObjectCount),
    }
  )
}
