// Turns the JSON of a ledger of any known version into today's.

import { type LedgerData, ledgerVersion } from './ledger.ts'

/** A ledger that a newer version of this program wrote: it must stay as it is. */
export class NewerLedgerError extends Error {
  override readonly name = 'NewerLedgerError'

  constructor(version: number) {
    super(
      `it has version ${version}, written by a newer kopia-metrics-agent; this one reads versions up to ${ledgerVersion}`,
    )
  }
}

type JsonObject = Readonly<Record<string, unknown>>

/**
 * Returns the ledger that parsed JSON holds. Throws a NewerLedgerError, or another Error if it is no ledger. The version
 * vouches for what is inside the four parts: only this program writes the file.
 */
export function migrateLedger(json: unknown): LedgerData {
  const version = isObject(json) ? json.version : undefined
  if (Number.isInteger(version) && Number(version) > ledgerVersion)
    throw new NewerLedgerError(Number(version))
  const migrated = isObject(json) && version === 1 ? fromVersion1(json) : json
  if (!isLedger(migrated)) throw new Error(`it is not a ledger of version 1 to ${ledgerVersion}`)
  return migrated
}

function isLedger(json: unknown): json is LedgerData {
  return isObject(json) && json.version === ledgerVersion && partNames.every((name) => isObject(json[name]))
}

const partNames = ['sources', 'repository', 'commands', 'runs'] as const

/** Version 2 renamed fields: of the ledger, and of the attempts of runs that are not settled. */
function fromVersion1(ledger: JsonObject): JsonObject {
  return {
    ...renamed(ledger, { awakeQuarters: 'uptimeQuarters' }),
    version: 2,
    runs: isObject(ledger.runs) ? mapValues(ledger.runs, runFromVersion1) : ledger.runs,
  }
}

function runFromVersion1(run: unknown): unknown {
  if (!isObject(run)) return run
  return mapValues(run, (value, name) =>
    name === 'evidence' || name === 'preview' ? evidenceFromVersion1(value) : value,
  )
}

function evidenceFromVersion1(evidence: unknown): unknown {
  if (!isObject(evidence) || !Array.isArray(evidence.attempts)) return evidence
  return {
    ...evidence,
    attempts: evidence.attempts.map((attempt: unknown) =>
      isObject(attempt)
        ? renamed(attempt, { toldBy: 'origin', claim: 'reportedResult', claimedAt: 'reportedAt' })
        : attempt,
    ),
  }
}

function renamed(object: JsonObject, names: Readonly<Record<string, string>>): JsonObject {
  return Object.fromEntries(Object.entries(object).map(([name, value]) => [names[name] ?? name, value]))
}

function mapValues(object: JsonObject, change: (value: unknown, name: string) => unknown): JsonObject {
  return Object.fromEntries(Object.entries(object).map(([name, value]) => [name, change(value, name)]))
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
