// Asks for the outcomes of mutated logs, with repositories that hold this and that, and looks at each success.

import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { bySource, type Snapshot } from '../../../agent/kopia/cli/snapshots.ts'
import { parseRecord } from '../../../agent/kopia/log/record.ts'
import { addRecord } from '../../../agent/kopia/runs/add-record.ts'
import { settleRun } from '../../../agent/kopia/runs/attempts.ts'
import { type Attempt, noEvidence, type RunEvidence } from '../../../agent/kopia/runs/evidence.ts'
import type { FinishedAttempt, RepositoryAnswer } from '../../../agent/kopia/runs/finished-attempt.ts'
import { decideOutcome } from '../../../agent/kopia/runs/outcome.ts'
import { type EndedRun, newRun } from '../../../agent/kopia/runs/run.ts'
import { formatSource, parseSource } from '../../../agent/kopia/source.ts'
import { makeSnapshot } from '../snapshots.ts'
import { mutate, type Pool, pick, pickOf, poolOf, type Random, recordsOf } from './log-mutations.ts'

const folder = new URL('../../fixtures/outcome-logs/', import.meta.url)

export type Counts = {
  lines: number
  readonly successes: { held: number; identical: number; expired: number; unasked: number }
  others: number
}

/** Asks for the outcomes of so many lines, and asserts that each success is confirmed. Returns what it saw. */
export function fuzzOutcomes(lines: number, random: Random): Counts {
  const logs = readdirSync(folder).map((name) => recordsOf(readFileSync(new URL(name, folder), 'utf8')))
  const pool = poolOf(logs)
  const successes = { held: 0, identical: 0, expired: 0, unasked: 0 }
  const counts: Counts = { lines: 0, successes, others: 0 }
  while (counts.lines < lines) {
    const records = mutate(pickOf(logs, random) ?? [], pool, random)
    counts.lines += records.length
    const evidence = evidenceOf(records)
    const answer = random() < 0.2 ? unavailable : makeAnswer(evidence, pool, random)
    const isSilent = random() < 0.3
    for (const { attempt, finished } of outcomesOf(evidence, answer, isSilent)) {
      const decided = { attempt, finished, evidence, answer, isSilent, records }
      if (finished?.outcome === 'success') successes[confirmationOf({ ...decided, finished })] += 1
      else counts.others += 1
    }
  }
  return counts
}

const unavailable: RepositoryAnswer = { kind: 'unavailable' }

function evidenceOf(records: readonly string[]): RunEvidence {
  return records.reduce((evidence, text) => {
    const record = parseRecord(text)
    return record === undefined ? evidence : addRecord(evidence, record)
  }, noEvidence)
}

type Decided = { readonly attempt: Attempt; readonly finished: FinishedAttempt | undefined }

function outcomesOf(evidence: RunEvidence, answer: RepositoryAnswer, isSilent: boolean): readonly Decided[] {
  const endedAt = (evidence.newestRecordAt ?? 0) + 1
  // A run waits as a whole, so without an answer its attempts are looked at one by one.
  if (answer.kind === 'unavailable')
    return evidence.attempts.map((attempt) => ({
      attempt,
      finished: decideOutcome(attempt, evidence, endedAt, answer),
    }))
  const open = newRun(1, 'snapshot-create')
  const run: EndedRun = {
    ...{ ...open, state: 'ended', endedAt, evidence, preview: evidence },
    ...(isSilent && { isSilent }),
  }
  const finished = settleRun(run, answer, undefined) ?? []
  return evidence.attempts.map((attempt, index) => ({ attempt, finished: finished[index] }))
}

/** A repository that holds some of the snapshots in the logs, and others, before, during and after the run. */
function makeAnswer(evidence: RunEvidence, pool: Pool, random: Random): RepositoryAnswer {
  const held = Array.from({ length: pick(7, random) }, () => makeHeld(evidence, pool, random))
  const ignoring = new Set(pool.sources.filter(() => random() < 0.5))
  const known = pickOf([undefined, ...held.map(({ id }) => id)], random)
  return {
    kind: 'snapshots',
    bySource: bySource(held.filter((snapshot) => snapshot !== undefined)),
    ignoresIdentical: (source) => ignoring.has(formatSource(source)),
    newestIdBefore: () => known,
  }
}

function makeHeld({ newestRecordAt = 0 }: RunEvidence, pool: Pool, random: Random): Snapshot {
  const startedAt = newestRecordAt + (pickOf([-3600, -1, -0.1, 0, 0.5, 3600], random) ?? 0)
  const source = parseSource(pickOf(pool.sources, random) ?? '')
  assert.ok(source)
  return makeSnapshot({
    id: (random() < 0.7 ? pickOf(pool.snapshotIds, random) : undefined) ?? `other${pick(5, random)}`,
    source,
    startedAt,
    endedAt: startedAt + random(),
    fatalErrors: random() < 0.2 ? 1 : 0,
    incomplete: pickOf([undefined, undefined, undefined, 'checkpoint', 'canceled'], random),
  })
}

type Success = Decided & {
  readonly finished: FinishedAttempt
  readonly evidence: RunEvidence
  readonly answer: RepositoryAnswer
  readonly isSilent: boolean
  readonly records: readonly string[]
}

/** What confirms a success. Throws if nothing does. */
function confirmationOf(success: Success): keyof Counts['successes'] {
  const { attempt, finished, evidence, answer, isSilent } = success
  const endedWell = hasEndedWell(attempt, evidence)
  if (answer.kind === 'unavailable') {
    if (!endedWell) assert.fail(JSON.stringify(success, undefined, 1))
    return 'unasked'
  }
  const complete = (answer.bySource.get(formatSource(finished.source)) ?? []).filter(
    ({ incomplete }) => incomplete === undefined,
  )
  if (complete.some(({ id, fatalErrors }) => id === finished.snapshotId && fatalErrors === 0)) return 'held'
  const mayBeIdentical = attempt.reportedResult?.kind === 'identical' || attempt.mayBeIdentical === true
  if (mayBeIdentical && answer.ignoresIdentical(finished.source) && complete.length > 0) return 'identical'
  // A later snapshot is there, so retention may have deleted this one. Then the run must have ended well, as far as its log says
  // how it ended.
  const isLater = complete.some(({ startedAt }) => startedAt > (attempt.reportedAt ?? finished.endedAt))
  const saysNoEnd = evidence.repository === 'unknown' && evidence.finalError === undefined
  const hasClaim = attempt.origin === 'command' && attempt.reportedResult?.kind === 'created'
  if (isLater && (endedWell || (saysNoEnd && hasClaim && !isSilent))) return 'expired'
  assert.fail(JSON.stringify(success, undefined, 1))
}

/** Kopia flushes before it goes on to maintenance or closes, and a server before it finishes a source. */
function hasEndedWell(attempt: Attempt, evidence: RunEvidence): boolean {
  if (attempt.origin === 'server') return attempt.finishedAt !== undefined && attempt.errorAfter === undefined
  const isClosedWell = evidence.repository === 'closed' && evidence.finalError === undefined
  return isClosedWell || evidence.flushedAt !== undefined
}
