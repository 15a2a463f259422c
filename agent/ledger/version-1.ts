// Turns the JSON of a ledger of version 1 into version 2. Version 1 grew without a new number: what a field of today lacks
// there is filled in.

import { noEvidence } from '../kopia/runs/evidence.ts'

type JsonObject = Readonly<Record<string, unknown>>

/** Whether the value is an object of JSON, and no array. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The ledger with the fields and the names of version 2. What is no object stays, for the caller to refuse. */
export function fromVersion1(ledger: JsonObject): JsonObject {
  const { sources, repository, commands = {}, runs, begunAt } = ledger
  return {
    // The first agents noted their beginning only when everything before it had been read.
    ...(begunAt !== undefined && { isPastRead: true }),
    ...renamed(ledger, { awakeQuarters: 'uptimeQuarters' }),
    version: 2,
    sources: isObject(sources) ? mapValues(sources, sourceFromVersion1) : sources,
    repository: isObject(repository) ? repositoryFromVersion1(repository) : repository,
    commands,
    runs: isObject(runs) ? mapValues(runs, runFromVersion1) : runs,
  }
}

/** The sizes are dropped: the repository tells them again, with the figures that belong to them now. */
function sourceFromVersion1(state: unknown): unknown {
  if (!isObject(state)) return state
  const { snapshotCounts, snapshotsAskedAt: _, sizeBytes: __, ...kept } = state
  return {
    ...failuresOf(state),
    ...(snapshotCounts !== undefined && { held: { counts: snapshotCounts } }),
    ...kept,
    source: sourceOf(state.source),
    ...(isObject(state.lastAttempt) && { lastAttempt: finishedFromVersion1(state.lastAttempt) }),
  }
}

/** How many attempts failed in a row was not noted: all where none succeeded, else at least the last one. */
function failuresOf({ lastAttempt, lastSuccessAt, attempts }: JsonObject): JsonObject {
  if (!isObject(lastAttempt) || lastAttempt.outcome === 'success') return { consecutiveFailures: 0 }
  const counted = isObject(attempts) ? Number(attempts.failed) + Number(attempts.incomplete) : 0
  return {
    consecutiveFailures: lastSuccessAt === undefined ? Math.max(1, counted) : 1,
    lastFailureAt: lastAttempt.endedAt,
  }
}

function finishedFromVersion1(attempt: JsonObject): JsonObject {
  return { errors: { fatal: 0, ignored: 0 }, ...attempt, source: sourceOf(attempt.source) }
}

/** A source that a hook reported had the fields of the repository's status, too. */
function sourceOf(source: unknown): unknown {
  if (!isObject(source)) return source
  const { user, host, path } = source
  return { user, host, path }
}

function repositoryFromVersion1({ sizeBytes: _, ...repository }: JsonObject): JsonObject {
  const { status } = repository
  // Whether actions are enabled is decided by what Kopia answers now.
  return isObject(status) ? { ...repository, status: { areActionsEnabled: false, ...status } } : repository
}

function runFromVersion1(run: unknown): unknown {
  if (!isObject(run) || run.state === 'settled') return run
  const { evidence, preview } = run
  if (isObject(evidence) && evidence.repository === undefined) return runToReadAgain(run)
  return { ...run, evidence: evidenceFromVersion1(evidence), preview: evidenceFromVersion1(preview) }
}

/**
 * A run as 0.1.0 knew it. What it had noted does not tell a killed backup from a good one, so its log is read again from the
 * beginning: none of its attempts is counted yet.
 */
function runToReadAgain({ endedAt: _, hookCalls, ...run }: JsonObject): JsonObject {
  return {
    ...run,
    state: 'open',
    readBytes: {},
    evidence: noEvidence,
    preview: noEvidence,
    hookCalls: Array.isArray(hookCalls) ? hookCalls.map(callFromVersion1) : [],
  }
}

function evidenceFromVersion1(evidence: unknown): unknown {
  if (!isObject(evidence)) return evidence
  const { attempts } = evidence
  return Array.isArray(attempts) ? { ...evidence, attempts: attempts.map(attemptFromVersion1) } : evidence
}

function attemptFromVersion1(attempt: unknown): unknown {
  return isObject(attempt)
    ? renamed(attempt, { toldBy: 'origin', claim: 'reportedResult', claimedAt: 'reportedAt' })
    : attempt
}

/** The first hooks ran no action, so each reported one call. */
function callFromVersion1(call: unknown): unknown {
  return isObject(call) ? { phase: 'call', ...call } : call
}

function renamed(object: JsonObject, names: Readonly<Record<string, string>>): JsonObject {
  return Object.fromEntries(Object.entries(object).map(([name, value]) => [names[name] ?? name, value]))
}

function mapValues(object: JsonObject, change: (value: unknown) => unknown): JsonObject {
  return Object.fromEntries(Object.entries(object).map(([name, value]) => [name, change(value)]))
}
