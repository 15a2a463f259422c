// Turns the JSON of a ledger of any known version into today's.

import { type LedgerData, ledgerVersion } from './ledger.ts'
import { fromVersion1, isObject } from './version-1.ts'

/** A ledger that a newer version of this program wrote: it must stay as it is. */
export class NewerLedgerError extends Error {
  override readonly name = 'NewerLedgerError'

  constructor(version: number) {
    super(
      `it has version ${version}, written by a newer kopia-metrics-agent; this one reads versions up to ${ledgerVersion}: ` +
        'install that version again, or move the file away',
    )
  }
}

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
