// The errors of a server, which name no source: which attempts they may concern, and whether they are those of others. Pure.

import { formatSource, type Source } from '../source.ts'
import type { Attempt, RunEvidence, ServerError } from './evidence.ts'

/**
 * How soon after it has finished a source a server logs what went wrong with it: some microseconds, as far as was seen, and
 * longer on a machine that stalls. It flushes before.
 */
const errorDelaySeconds = { usual: 0.05, longest: 1 } as const

/** Adds an error. It concerns the source that was just finished; else one of those that were finished shortly before. */
export function noteServerError(run: RunEvidence, message: string, at: number): RunEvidence {
  const finishedWithin =
    (seconds: number) =>
    ({ finishedAt }: Attempt) =>
      finishedAt !== undefined && at - finishedAt <= seconds
  const isJustFinished = finishedWithin(errorDelaySeconds.usual)
  const concerns = run.attempts.some(isJustFinished)
    ? isJustFinished
    : finishedWithin(errorDelaySeconds.longest)
  const sources = run.attempts.filter(concerns).map(({ source }) => formatSource(source))
  const serverErrors = [...(run.serverErrors ?? []), { at, sources, failed: [] }].slice(-mostServerErrors)
  return {
    ...changeAttempts(run, concerns, { errorAfter: message }),
    serverError: { message, at },
    serverErrors,
  }
}

/** More than a server backs up at a time. */
const mostServerErrors = 50

/** Changes the attempts that are meant. */
export function changeAttempts(
  run: RunEvidence,
  isMeant: (attempt: Attempt) => boolean,
  change: Partial<Attempt>,
): RunEvidence {
  return {
    ...run,
    attempts: run.attempts.map((attempt) => (isMeant(attempt) ? { ...attempt, ...change } : attempt)),
  }
}

/**
 * Whether each error that may concern the attempt belongs to another one. A server logs one error for each attempt that
 * fails, so it is that of the others if as many of them have failed for certain, and no other error can be theirs.
 */
export function isErrorOfOthers(
  attempt: Attempt,
  { attempts, serverErrors = [] }: RunEvidence,
  hasFailedForCertain: (other: Attempt) => boolean,
): boolean {
  const name = formatSource(attempt.source)
  const { finishedAt = Number.NaN } = attempt
  // A source has errors of earlier attempts, too.
  const near = serverErrors.filter(({ at }) => Math.abs(at - finishedAt) <= errorDelaySeconds.longest)
  const errors = errorsOf(name, near)
  const failed = new Set(errors.flatMap((error) => error.failed))
  for (const other of attempts) if (hasFailedForCertain(other)) failed.add(formatSource(other.source))
  const hasNoOther = (otherName: string) => {
    const ofOther = errorsOf(otherName, near)
    return ofOther.length > 0 && ofOther.every((error) => errors.includes(error))
  }
  const others = [...failed].filter((otherName) => otherName !== name && hasNoOther(otherName))
  return errors.length > 0 && others.length >= errors.length
}

/** Remembers that the attempt of a source is settled as failed. */
export function withSettledFailure(
  serverErrors: readonly ServerError[],
  source: Source,
): readonly ServerError[] {
  const name = formatSource(source)
  return serverErrors.map((error) =>
    error.sources.includes(name) ? { ...error, failed: [...error.failed, name] } : error,
  )
}

function errorsOf(name: string, serverErrors: readonly ServerError[]): readonly ServerError[] {
  return serverErrors.filter(({ sources }) => sources.includes(name))
}
