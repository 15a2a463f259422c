// Made-up runs of Kopia: the log that each writes, what its repository holds then, and which attempts really went well.

import type { Snapshot } from '../../../agent/kopia/cli/snapshots.ts'
import { formatSource, type Source } from '../../../agent/kopia/source.ts'
import { makeSnapshot } from '../snapshots.ts'

/** What becomes of an attempt that nobody kills. */
export type Fate = 'good' | 'lacking files' | 'unchanged' | 'upload fails' | 'flush fails'

export type Line = { readonly at: number; readonly text: string }

/** Times in Unix seconds. */
export type MadeAttempt = {
  readonly source: Source
  readonly fate: Fate
  /** Files that could not be read. */
  readonly errors: number
  readonly begunAt: number
  /** When its result is logged. */
  readonly reportedAt: number
  readonly snapshotId: string
}

export type MadeRun = {
  readonly command: 'snapshot-create' | 'server-start'
  /** Without what a kill has cut off. */
  readonly lines: readonly string[]
  readonly endedAt: number
  readonly held: readonly Snapshot[]
  /** The attempts, by `madeKey`, that left their snapshot or rightly left it out. */
  readonly good: ReadonlySet<string>
}

export type Random = () => number

export const start = Date.parse('2026-11-24T12:00:00Z') / 1000

/** Identifies an attempt by its source and its begin. */
export function madeKey(source: Source, startedAt: number): string {
  return `${formatSource(source)} ${Math.round(startedAt * 1e3)}`
}

export function rounded(seconds: number): number {
  return Math.round(seconds * 1e3) / 1e3
}

export function pick<T>(random: Random, values: readonly [T, ...T[]]): T {
  return values[Math.floor(random() * values.length)] ?? values[0]
}

export function sourceAt(index: number): Source {
  return { user: 'root', host: 'vm', path: `/data/${index}` }
}

/** The snapshots from before the run, by source: none, a good one, or one that lacks files. */
export function makePasts(random: Random, mostSources: number): readonly (readonly Snapshot[])[] {
  return Array.from({ length: 1 + Math.floor(random() * mostSources) }, (_, index) => {
    const fatalErrors = pick(random, [0, 0, 1])
    const times = { startedAt: start - 500, endedAt: start - 490 }
    return random() < 0.2
      ? []
      : [makeSnapshot({ id: `past${index}`, source: sourceAt(index), ...times, fatalErrors })]
  })
}

type AttemptFacts = Pick<MadeAttempt, 'source' | 'begunAt' | 'snapshotId'> & {
  readonly fates: readonly [Fate, ...Fate[]]
  /** The unreadable files of the newest snapshot of the source; undefined without one. */
  readonly baseErrors: number | undefined
}

/** Without a snapshot before it, nothing is unchanged; with one, its unreadable files are unchanged too. */
export function makeAttempt(random: Random, { fates, baseErrors, ...facts }: AttemptFacts): MadeAttempt {
  const picked = pick(random, fates)
  const fate = picked === 'unchanged' && baseErrors === undefined ? 'good' : picked
  const errorsOf: Partial<Record<Fate, number>> = { 'lacking files': 1, unchanged: baseErrors ?? 0 }
  const reportedAt = rounded(facts.begunAt + 0.02 + random() * 10)
  return { ...facts, fate, errors: errorsOf[fate] ?? 0, reportedAt }
}

/** Whether the attempt leaves a snapshot, once it is flushed. */
export function isSnapshot({ fate }: MadeAttempt): boolean {
  return fate === 'good' || fate === 'lacking files'
}

/** The lines that commands and servers write alike. */
export function linesOfUpload({ source, errors, begunAt, reportedAt }: MadeAttempt): readonly Line[] {
  const directory = `{"path":".","dur":"1s","errors":${errors}}`
  return [
    { at: begunAt + 0.001, text: `DEBUG uploader uploading\t{"source":"${formatSource(source)}"}` },
    { at: reportedAt - 0.001, text: `DEBUG uploader snapshotted directory\t${directory}` },
  ]
}

/** When the run ends: by a kill at any time, or a second after its last line. */
export function endOf(random: Random, lines: readonly Line[], killed: number): number {
  const lastAt = Math.max(...lines.map(({ at }) => at))
  return random() < killed ? rounded(start + random() * (lastAt - start)) : lastAt + 1
}

/** The run as its log and its repository show it. */
export function toMadeRun<A extends MadeAttempt>(
  { command, endedAt }: Pick<MadeRun, 'command' | 'endedAt'>,
  lines: readonly Line[],
  past: readonly Snapshot[],
  attempts: readonly A[],
  isSaved: (attempt: A) => boolean,
): MadeRun {
  const held = [...past]
  const good = new Set<string>()
  for (const attempt of attempts) {
    const { source, fate, errors: fatalErrors, begunAt, reportedAt, snapshotId: id } = attempt
    const isLeftOut = fate === 'unchanged' && reportedAt <= endedAt
    const isThere = isSnapshot(attempt) && isSaved(attempt)
    if (fatalErrors === 0 && (isLeftOut || isThere)) good.add(madeKey(source, begunAt))
    const times = { startedAt: begunAt + 0.002, endedAt: reportedAt }
    if (isThere) held.push(makeSnapshot({ id, source, ...times, fatalErrors }))
  }
  const written = lines.filter(({ at }) => at <= endedAt).sort((one, other) => one.at - other.at)
  const texts = written.map(({ at, text }) => `${new Date(Math.round(at * 1e3)).toISOString()} ${text}`)
  return { command, lines: texts, endedAt, held, good }
}
