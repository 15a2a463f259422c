// Made-up runs of `kopia server start`.

import { formatSource } from '../../../agent/kopia/source.ts'
import {
  endOf,
  isSnapshot,
  type Line,
  linesOfUpload,
  type MadeAttempt,
  type MadeRun,
  makeAttempt,
  makePasts,
  type Random,
  rounded,
  sourceAt,
  start,
  toMadeRun,
} from './made-run.ts'

const fates = ['good', 'lacking files', 'unchanged', 'upload fails', 'flush fails'] as const

/** A server flushes each source by itself. */
type ServerAttempt = MadeAttempt & { readonly flushedAt: number; readonly finishedAt: number }

/** A server that backs up several sources, at most so many at a time, and may be killed. */
export function makeServerRun(random: Random, mostAtOnce: number): MadeRun {
  const pasts = makePasts(random, 4)
  const slots = Array.from({ length: Math.ceil(random() * mostAtOnce) }, () => start)
  const freeAt = pasts.map(() => start)
  const baseErrors = pasts.map((past) => past.at(-1)?.fatalErrors)
  const attempts = Array.from({ length: pasts.length * 2 }, (_, count): ServerAttempt => {
    const index = Math.floor(random() * pasts.length)
    const slot = slots.indexOf(Math.min(...slots))
    const begunAt = rounded(Math.max(slots[slot] ?? start, freeAt[index] ?? start) + 0.03 + random())
    const facts = { fates, source: sourceAt(index), begunAt, baseErrors: baseErrors[index] }
    const attempt = withEnd(random, makeAttempt(random, { ...facts, snapshotId: `s${count}` }))
    if (isSnapshot(attempt)) baseErrors[index] = attempt.errors
    slots[slot] = attempt.finishedAt
    freeAt[index] = attempt.finishedAt + 0.1
    return attempt
  })
  const lines = attempts.flatMap(linesOfAttempt)
  const endedAt = endOf(random, lines, 0.5)
  const isSaved = ({ flushedAt }: ServerAttempt) => flushedAt <= endedAt
  return toMadeRun({ command: 'server-start', endedAt }, lines, pasts.flat(), attempts, isSaved)
}

function withEnd(random: Random, attempt: MadeAttempt): ServerAttempt {
  const isFlushing = isSnapshot(attempt) || attempt.fate === 'flush fails'
  const flushedAt = rounded(attempt.reportedAt + 0.002 + (isFlushing ? random() * 2 : 0))
  return { ...attempt, flushedAt, finishedAt: rounded(flushedAt + 0.001) }
}

function linesOfAttempt(attempt: ServerAttempt): readonly Line[] {
  const { source, begunAt, reportedAt, finishedAt } = attempt
  const name = formatSource(source)
  const [result, error] = [resultOf(attempt), errorOf(attempt)]
  return [
    { at: begunAt - 0.01, text: `DEBUG kopia/server snapshotting\t{"source":"${name}"}` },
    { at: begunAt, text: `DEBUG kopia/server starting upload of ${name}` },
    ...linesOfUpload(attempt),
    ...(result === undefined ? [] : [{ at: reportedAt, text: `DEBUG kopia/server ${result}` }]),
    { at: finishedAt, text: `DEBUG kopia/server finished uploading ${name}` },
    ...(error === undefined
      ? []
      : [{ at: finishedAt + 0.02, text: `ERROR kopia/server snapshot error: snapshot task: ${error}` }]),
  ]
}

function resultOf({ fate, snapshotId }: MadeAttempt): string | undefined {
  if (fate === 'upload fails') return undefined
  return fate === 'unchanged'
    ? 'Not saving snapshot because no files have been changed since previous snapshot'
    : `created snapshot ${snapshotId}`
}

function errorOf({ fate }: MadeAttempt): string | undefined {
  if (fate === 'upload fails') return 'upload error: exit status 3'
  return fate === 'flush fails' ? 'error flushing writer: x' : undefined
}
