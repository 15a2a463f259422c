// What a person sets about verifications.

import { parseDurationMs } from './formats.ts'
import type { SettingName } from './names.ts'
import { parseBytes, parseCount, parsePercent, parsePositiveCount } from './numbers.ts'

export type VerifySettings = {
  /** Undefined: the agent verifies nothing by itself. */
  readonly schedule: string | undefined
  /** Of the files of a snapshot, in percent. */
  readonly percent: number
  readonly restoreFiles: number
  /** Of one run, in all sources of the repository. */
  readonly mostBytes: number
  readonly parallel: number
  /** Of one source. */
  readonly timeLimitMs: number
}

/** Builds the settings from their texts, which are checked. */
export function toVerify(values: Record<SettingName, string>): VerifySettings {
  return {
    schedule: values.verify_schedule || undefined,
    percent: parsePercent(values.verify_percent),
    restoreFiles: parseCount(values.verify_restore_files),
    mostBytes: parseBytes(values.verify_max_bytes),
    parallel: parsePositiveCount(values.verify_parallel),
    timeLimitMs: parseDurationMs(values.verify_time_limit),
  }
}
