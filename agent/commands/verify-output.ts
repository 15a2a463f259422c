// The output of verify: a table that grows source by source, or JSON at the end.

import { formatSource, type Source } from '../kopia/source.ts'
import { type Verdict, type Verification, verifyErrorKinds } from '../ledger/proof.ts'
import type { Paint } from '../status/table.ts'
import { fitted, padded, widthOf, wrapped } from '../status/text-width.ts'
import { bytesWords, countWords, durationWords, visible } from '../status/words.ts'

export type VerifyOutput = {
  readonly onSources: (sources: readonly Source[]) => void
  readonly onWait: () => void
  readonly onProgress: (source: Source, doneObjects: number, allObjects: number) => void
  readonly onResult: (source: Source, verification: Verification) => void
  readonly end: () => void
}

type TableOptions = {
  readonly write: (text: string) => void
  /** For what is under way: the line is replaced by the next one. Undefined without a terminal. */
  readonly writeProgress: ((text: string) => void) | undefined
  readonly columns: number | undefined
  readonly paint: Paint
}

const columns = [
  { title: 'OBJECTS', width: 9 },
  { title: 'READ', width: 9 },
  { title: 'RESTORED', width: 8 },
  { title: 'TOOK', width: 10 },
] as const

const outcomes = {
  proven: { mark: '✓', colour: 'green' },
  faulty: { mark: '✗', colour: 'red' },
  unproven: { mark: '!', colour: 'yellow' },
} as const

const gap = '  '
/** One missing pack can be a hundred faults. */
const mostFaults = 5
const indent = 4

/** Writes each source as soon as it is verified. */
export function tableOutput({ write, writeProgress, columns: width, paint }: TableOptions): VerifyOutput {
  let nameWidth = 0
  const clear = () => writeProgress?.('')
  const line = (text: string) => {
    clear()
    write(`${text.trimEnd()}\n`)
  }
  return {
    onSources: (sources) => {
      nameWidth = Math.max('SOURCE'.length, ...sources.map((source) => widthOf(nameOf(source))))
      if (sources.length === 0) return
      const titles = columns.map(({ title, width: ofColumn }) => fitted(title, ofColumn, 'right'))
      line(paint('dim', [padded('  SOURCE', nameWidth + 2), ...titles].join(gap)))
    },
    onWait: () => line('A backup is running: the verification waits until it has ended.'),
    onProgress: (source, done, all) =>
      writeProgress?.(`${nameOf(source)}: ${countWords(done)} of ${countWords(all)} objects`),
    onResult: (source, verification) => {
      const { result } = verification
      const { mark, colour } = outcomes[result.outcome]
      const cells = result.outcome === 'unproven' ? [] : cellsOf(result, verification)
      const name = padded(nameOf(source), nameWidth)
      line([`${paint(colour, mark)} ${name}`, ...cells].join(gap))
      for (const note of notesOf(result)) {
        const room = width === undefined ? undefined : Math.max(20, width - indent)
        for (const part of wrapped(note, room)) line(' '.repeat(indent) + paint(colour, part))
      }
    },
    end: clear,
  }
}

function nameOf(source: Source): string {
  return visible(formatSource(source))
}

function cellsOf(verdict: Verdict, { startedAt, endedAt }: Verification): readonly string[] {
  const texts = [
    countWords(verdict.objects),
    bytesWords(verdict.readBytes),
    countWords(verdict.restoredFiles),
    durationWords(endedAt - startedAt),
  ]
  return texts.map((text, index) => fitted(text, columns[index]?.width ?? 0, 'right'))
}

function notesOf(result: Verification['result']): readonly string[] {
  if (result.outcome === 'unproven') return [`nothing is proven: ${visible(result.reason)}`]
  const counts = verifyErrorKinds
    .filter((kind) => result.errors[kind] > 0)
    .map((kind) => `${countWords(result.errors[kind])} × ${kind}`)
  const shown = result.faults.slice(0, mostFaults)
  const faults = shown.map(
    ({ path, reason }) => `${path === '' ? '(the snapshot)' : visible(path)}: ${visible(reason)}`,
  )
  const more = Object.values(result.errors).reduce((sum, count) => sum + count, 0) - shown.length
  const rest = more > 0 ? [`and ${countWords(more)} more`] : []
  return counts.length === 0 ? [] : [counts.join(', '), ...faults, ...rest]
}

/** Collects the results, and writes them as one object. */
export function jsonOutput(write: (text: string) => void): VerifyOutput {
  const sources: object[] = []
  return {
    onSources: () => undefined,
    onWait: () => undefined,
    onProgress: () => undefined,
    onResult: (source, verification) => void sources.push(objectOf(source, verification)),
    end: () => write(`${JSON.stringify({ sources }, undefined, 2)}\n`),
  }
}

function objectOf(source: Source, { startedAt, endedAt, result }: Verification): object {
  const common = {
    source: formatSource(source),
    ...source,
    outcome: result.outcome,
    started_timestamp_seconds: startedAt,
    ended_timestamp_seconds: endedAt,
  }
  if (result.outcome === 'unproven') return { ...common, reason: result.reason }
  return {
    ...common,
    snapshot_id: result.snapshotId,
    snapshot_timestamp_seconds: result.snapshotStartedAt,
    objects: result.objects,
    read_bytes: result.readBytes,
    restored_files: result.restoredFiles,
    errors: result.errors,
    faults: result.faults.map(({ kind, path, reason }) => ({ kind, path, reason })),
  }
}
