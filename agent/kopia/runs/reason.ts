// Says why an attempt or a command failed, in Kopia's own words where there are any. Pure.

import { oneLine, withoutSecrets } from '../../util/secrets.ts'
import type { Snapshot } from '../cli/snapshots.ts'
import { causeOfServerError } from '../log/messages.ts'
import type { Source } from '../source.ts'
import { errorsAbout, errorsIn } from './final-error.ts'
import type { Outcome } from './outcome-kinds.ts'

/** Where the log of a run without an end stops. */
export type LogStop = {
  /** The time of the newest record, in Unix seconds. */
  readonly at: number
  readonly lastMessage?: string | undefined
  /** `unseen`: the agent cannot see the process, so it may even run on. */
  readonly process: 'gone' | 'unseen'
}

/** What is known of an attempt that made no complete backup. */
export type ReasonFacts = {
  readonly source: Source
  readonly outcome: Outcome
  /** The other sources of the run: its final error tells the errors of all of them. */
  readonly otherSources?: readonly Source[] | undefined
  /** The error that ended the run; an error of the flush too. */
  readonly finalError?: string | undefined
  readonly serverError?: string | undefined
  /** The user's action that a hook ran, if it failed. */
  readonly failedAction?: { readonly action: 'before' | 'after'; readonly exitCode: number } | undefined
  /** The snapshot of the attempt in the repository. */
  readonly snapshot?: Pick<Snapshot, 'incomplete' | 'fatalErrors' | 'ignoredErrors' | 'errors'> | undefined
  /** The snapshot that the log reports, if the repository was asked and does not hold it. */
  readonly missingSnapshotId?: string | undefined
  readonly logStop?: LogStop | undefined
}

/** Why an attempt made no complete backup, in one line without secrets; undefined for a success. */
export function reasonOf(facts: ReasonFacts): string | undefined {
  switch (facts.outcome) {
    case 'success':
      return undefined
    case 'incomplete':
      return oneLine(incompleteReason(facts))
    case 'failed':
      return oneLine(failureReason(facts))
  }
}

/** Why the run of a command failed as a whole, in one line without secrets. */
export function commandReason(facts: Pick<ReasonFacts, 'finalError' | 'serverError' | 'logStop'>): string {
  const { finalError, serverError, logStop } = facts
  if (finalError !== undefined) return oneLine(endedWith(joined(errorsIn(finalError))))
  if (serverError !== undefined) return oneLine(serverReported(serverError))
  return oneLine(logStop === undefined ? 'Kopia logged no good end' : stopReason(logStop))
}

function incompleteReason({ snapshot, finalError, logStop }: ReasonFacts): string {
  if (snapshot?.incomplete === 'limit reached')
    return 'Kopia stopped at its upload limit before the snapshot was complete (limit reached)'
  const why = snapshot?.incomplete === undefined ? '' : ` (${snapshot.incomplete})`
  const stopped = `Kopia was stopped before the snapshot was complete${why}`
  if (finalError !== undefined) return `${stopped}; ${endedWith(joined(errorsIn(finalError)))}`
  return logStop === undefined ? stopped : `${stopped}; ${stopReason(logStop)}`
}

/** The fact that is nearest to the cause comes first. */
function failureReason(facts: ReasonFacts): string {
  const { snapshot, missingSnapshotId, logStop } = facts
  if (snapshot !== undefined && snapshot.fatalErrors > 0) return unreadableReason(snapshot)
  const missing =
    missingSnapshotId === undefined
      ? undefined
      : `Kopia reported the snapshot ${missingSnapshotId}, but the repository does not hold it`
  const error = errorReason(facts)
  if (error !== undefined) return missing === undefined ? error : `${error}; ${missing}`
  if (logStop !== undefined) {
    const stop = stopReason(logStop)
    if (missing !== undefined) return `${missing}; ${stop}`
    return snapshot?.incomplete === 'checkpoint' ? `${stop}; the repository holds a checkpoint only` : stop
  }
  if (missing !== undefined) return missing
  return snapshot?.incomplete === 'checkpoint'
    ? 'the repository holds only a checkpoint of it: Kopia was stopped during the upload'
    : 'Kopia reported no result, and the repository holds no snapshot of it'
}

function errorReason(facts: ReasonFacts): string | undefined {
  const { source, otherSources = [], finalError, serverError, failedAction } = facts
  const lines = finalError === undefined ? [] : errorsAbout(finalError, source, otherSources)
  const action =
    failedAction && `its ${failedAction.action}-action ended with exit code ${failedAction.exitCode}`
  const error = lines.length > 0 ? endedWith(joined(lines)) : serverError && serverReported(serverError)
  return error === undefined || action === undefined ? (error ?? action) : `${error} (${action})`
}

function joined(lines: readonly string[]): string {
  return lines.map((line) => line.trim()).join('; ')
}

function endedWith(error: string): string {
  return `Kopia ended with: ${error}`
}

function serverReported(error: string): string {
  return `Kopia's server reported: ${causeOfServerError(error)}`
}

function stopReason({ at, lastMessage, process }: LogStop): string {
  const time = `${new Date(Math.floor(at) * 1000).toISOString().slice(11, 19)} UTC`
  const after = lastMessage === undefined ? '' : `, after "${shortened(lastMessage.trim(), 60, 'start')}"`
  return process === 'gone'
    ? `its log stops at ${time}${after}: the process was killed, or the machine went down`
    : `its log stops at ${time}${after}, and the agent cannot see whether its process runs on`
}

/** Kopia lists the files that the policy ignores together with the others, so the paths may be of either kind. */
function unreadableReason(snapshot: NonNullable<ReasonFacts['snapshot']>): string {
  const { fatalErrors, ignoredErrors, errors = [] } = snapshot
  const count = `${fatalErrors} ${fatalErrors === 1 ? 'file' : 'files'} could not be read`
  const ignored = ignoredErrors > 0 ? `, and ${ignoredErrors} more that the policy ignores` : ''
  if (errors.length === 0) return `${count}${ignored}`
  const paths = errors.map(({ path, error }) => `${shortened(path, 70, 'end')} (${causeOf(error)})`)
  const more = fatalErrors + ignoredErrors > errors.length ? ', …' : ''
  return `${count}${ignored}: ${paths.join(', ')}${more}`
}

/** Kopia's errors are chains, outermost first: `unable to open file: open /data/a: permission denied`. */
function causeOf(error: string): string {
  const safe = withoutSecrets(error)
  return shortened(safe.slice(safe.lastIndexOf(': ') + 1).trim(), 60, 'start')
}

function shortened(text: string, most: number, kept: 'start' | 'end'): string {
  const safe = withoutSecrets(text)
  const characters = [...safe]
  if (characters.length <= most) return safe
  return kept === 'start'
    ? `${characters.slice(0, most - 1).join('')}…`
    : `…${characters.slice(1 - most).join('')}`
}
