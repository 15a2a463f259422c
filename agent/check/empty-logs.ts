// Checks that Kopia could write its logs: a log of 0 bytes is what a full disk leaves.

import { agoWords, pluralWords } from '../status/words.ts'
import { type Finding, ok, warning } from './finding.ts'
import type { LogFile } from './log-files.ts'

/** Older ones are past. */
const recentSeconds = 24 * 3600
/** A log that was created just now has no line yet. */
const justBegunSeconds = 10

/** Looks for empty logs of the last day in `cliLogs`. */
export function checkEmptyLogs(cliLogs: string, logs: readonly LogFile[], now: number): Finding {
  const empty = logs.filter(
    ({ sizeBytes, grewAt }) =>
      sizeBytes === 0 && now - grewAt < recentSeconds && now - grewAt > justBegunSeconds,
  )
  if (empty.length === 0) return ok('log disk', 'no log of the last day is empty')
  const newest = Math.max(...empty.map(({ grewAt }) => grewAt))
  const found = `${pluralWords(empty.length, 'log')} of 0 bytes in ${cliLogs}, the newest ${agoWords(newest, now)}: the log disk was full`
  const advice = `free space there (df ${cliLogs}); a backup that failed meanwhile shows only in "kopia snapshot list --incomplete"`
  return warning('log disk', found, advice)
}
