// Decides whether a run has ended, and when. Pure.

import { isNearItsEnd, nearEndLoggedAt } from './evidence.ts'
import { type EndedRun, hasEmptyLog, type OpenRun, type Run } from './run.ts'

/** How long a run must be silent: until it may have ended, and until silence alone ends it at the earliest. */
const silenceSeconds = { nearEnd: 1, empty: 10, unread: 60, shortestLimit: 3600 } as const

/** A silence of so many times the longest good backup means that the process is gone. */
const silenceFactor = 3

/** The clocks of the file system and of the agent can differ a little. */
const slackSeconds = 0.5

type EndFacts = {
  readonly silentSeconds: number
  /** The process is certainly not there any more, though it was never seen. */
  readonly isKnownToBeGone: boolean
  /** A later run backs up one of its sources. */
  readonly isSuperseded: boolean
  /** Of the longest good backup of its sources; undefined without one. */
  readonly longestSuccessSeconds: number | undefined
}

/** Why a run has ended whose process is not visible; undefined if it goes on as far as is known. */
export function whyEnded(run: OpenRun, facts: EndFacts): 'certain' | 'silence' | undefined {
  const { silentSeconds, isKnownToBeGone, isSuperseded, longestSuccessSeconds = 0 } = facts
  if (run.process !== undefined || run.preview.finalError !== undefined || isKnownToBeGone) return 'certain'
  // A server that nobody uses is silent for days, and it can close one repository and open another.
  if (run.command === 'server-start') return undefined
  if (run.preview.repository === 'closed' && silentSeconds >= silenceSeconds.nearEnd) return 'certain'
  // An empty log fails no attempt, and the repository is to be asked.
  const tellsNothing = hasEmptyLog(run) && run.hookCalls.length === 0
  if (tellsNothing && silentSeconds >= silenceSeconds.empty) return 'silence'
  const limit = Math.max(silenceSeconds.shortestLimit, silenceFactor * longestSuccessSeconds)
  return isSuperseded || silentSeconds >= limit ? 'silence' : undefined
}

/** The same where a segment of a process that has gone could not be read: its fault may pass, but not for ever. */
export function hasEndedUnread(silentSeconds: number): boolean {
  return silentSeconds >= silenceSeconds.unread
}

/** Whether the process wrote or called a hook after it was looked for in vain: then it lives where it can't be seen. */
export function isInvisible({ process, unseenAt, lastSignAt }: OpenRun): boolean {
  return process === undefined && unseenAt !== undefined && lastSignAt > unseenAt + slackSeconds
}

/** Whether an open run has fallen silent whose process was never seen: it may have ended. */
export function isQuiet(run: Run, nowSeconds: number): run is OpenRun {
  if (run.state !== 'open' || run.process !== undefined || run.command === 'server-start') return false
  return nowSeconds - run.lastSignAt >= silenceSeconds.nearEnd
}

/**
 * Whether a run may have ended right before its log was first read, too short a time ago to be sure. A run that writes
 * on for longer than that goes on; waiting for its end would take as long as the backup.
 */
export function mayHaveJustEnded(run: Run, firstReadAt: number, nowSeconds: number): boolean {
  if (run.state !== 'open' || run.process !== undefined) return false
  const wroteOnlyBefore = run.lastSignAt <= firstReadAt + silenceSeconds.nearEnd
  return wroteOnlyBefore && nowSeconds - run.lastSignAt <= silenceSeconds.nearEnd
}

/**
 * Since when the end of the run's process is near, in Unix seconds: since the newest result, final error or close of the
 * repository. Undefined while none is logged. The process may still go on for hours, with maintenance.
 */
export function nearEndSince(run: OpenRun): number | undefined {
  if (!isNearItsEnd(run.preview)) return undefined
  return Math.min(nearEndLoggedAt(run.preview) ?? run.lastSignAt, run.lastSignAt)
}

/** Unix seconds. */
type EndTimes = {
  readonly nowSeconds: number
  /** When the process was last seen; undefined if it was not seen since the agent started. */
  readonly seenAliveAt: number | undefined
}

/** How long after it was last seen a process can have ended without being missed: looks are less frequent than that. */
const longestLookSeconds = 10

/**
 * The run as it ended. A process that was watched to its end is found gone now. One that was not (it was never seen, or
 * the machine or the agent was down) ended soon after its last sign of life: the last thing that it does may leave none.
 */
export function asEnded(run: OpenRun, { nowSeconds, seenAliveAt }: EndTimes): EndedRun {
  const isWatched = seenAliveAt !== undefined && nowSeconds - seenAliveAt <= longestLookSeconds
  const lastAlive = Math.max(run.lastSignAt, seenAliveAt ?? 0)
  const endedAt = isWatched ? nowSeconds : Math.min(nowSeconds, lastAlive + silenceSeconds.nearEnd)
  return { ...run, state: 'ended', endedAt }
}
