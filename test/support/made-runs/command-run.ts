// Made-up runs of `kopia snapshot create`.

import { formatSource } from '../../../agent/kopia/source.ts'
import {
  endOf,
  type Line,
  linesOfUpload,
  type MadeAttempt,
  type MadeRun,
  makeAttempt,
  makePasts,
  pick,
  type Random,
  rounded,
  sourceAt,
  start,
  toMadeRun,
} from './made-run.ts'

/** A command flushes once for all its sources. */
const fates = ['good', 'lacking files', 'unchanged', 'upload fails'] as const

const levels = ['debug', 'info', 'no traces'] as const

/** A command that backs up several sources, flushes once, may maintain the repository, and may be killed. */
export function makeCommandRun(random: Random): MadeRun {
  const pasts = makePasts(random, 3)
  const output = random() < 0.3 ? 'json' : 'text'
  const level = pick(random, levels)
  const flushes = random() < 0.7
  const lines: Line[] = [{ at: start, text: 'DEBUG kopia/repo [STORAGE] ListBlobs\t{"prefix":"xn0_"}' }]
  const attempts: MadeAttempt[] = []
  let at = start + 0.01
  for (const [index, past] of pasts.entries()) {
    const baseErrors = past.at(-1)?.fatalErrors
    const facts = {
      fates,
      source: sourceAt(index),
      begunAt: rounded(at),
      baseErrors,
      snapshotId: `c${index}`,
    }
    const attempt = makeAttempt(random, facts)
    attempts.push(attempt)
    lines.push(...linesOfAttempt(attempt, output))
    at = attempt.reportedAt + 0.01
  }
  const flushedAt = rounded(at + random() * 3)
  lines.push(...linesOfEnd(random, flushedAt, flushes ? attempts.flatMap(errorsOf) : ['flush error: x']))
  const endedAt = endOf(random, lines, 0.4)
  const written = lines.filter(({ text }) => isWritten(text, level))
  const isSaved = () => flushes && flushedAt <= endedAt
  return toMadeRun({ command: 'snapshot-create', endedAt }, written, pasts.flat(), attempts, isSaved)
}

/** `info` is a log level, and a repository server or `--no-trace-storage` hides the traces. */
function isWritten(text: string, level: (typeof levels)[number]): boolean {
  if (level === 'debug') return true
  return level === 'info' ? !text.startsWith('DEBUG') : !text.includes('[STORAGE]')
}

function linesOfAttempt(attempt: MadeAttempt, output: 'json' | 'text'): readonly Line[] {
  const { source, fate, begunAt, reportedAt, snapshotId } = attempt
  const isReported = fate === 'unchanged' || (fate !== 'upload fails' && output === 'text')
  const text =
    fate === 'unchanged'
      ? '\n Not saving snapshot because no files have been changed since previous snapshot'
      : `Created snapshot with root k1 and ID ${snapshotId} in 1s`
  return [
    { at: begunAt, text: `INFO kopia/cli Snapshotting ${formatSource(source)} ...` },
    ...linesOfUpload(attempt),
    ...(isReported ? [{ at: reportedAt, text: `INFO kopia/cli ${text}` }] : []),
  ]
}

/** Kopia is silent about the files that an unchanged source lacks. */
function errorsOf({ source, fate }: MadeAttempt): readonly string[] {
  if (fate === 'upload fails') return ['upload error: exit status 3']
  if (fate !== 'lacking files') return []
  return [`Found 1 fatal error(s) while snapshotting ${formatSource(source)}.`]
}

const maintenance = [
  'DEBUG maintenance due for full maintenance cycle',
  'INFO maintenance Running full maintenance...',
]

/** Kopia maintains the repository only after a good run. */
function linesOfEnd(random: Random, flushedAt: number, errors: readonly string[]): readonly Line[] {
  const maintains = errors.length === 0 && random() < 0.5
  const found = maintains && random() < 0.3 ? ['error running maintenance: x'] : errors
  const message = found.length > 1 ? `encountered ${found.length} errors:\n${found.join('\n')}` : found[0]
  return [
    ...(maintains ? maintenance : []).map((text) => ({ at: flushedAt + 0.01, text })),
    { at: flushedAt + 0.2, text: 'DEBUG kopia/repo [STORAGE] Close\t{"error":null}' },
    ...(message === undefined ? [] : [{ at: flushedAt + 0.21, text: `ERROR kopia/cli ${message}` }]),
  ]
}
