// What a person sets about the limits of sources.

import { createSourceTest } from '../kopia/source-patterns.ts'
import { type LimitSettings, localTimeZone } from '../limits/context.ts'
import { parseIntervals } from './formats.ts'
import { parseFactor } from './numbers.ts'

/** Builds the settings of the limits from the texts of `overdue_grace`, `expected_interval` and `verify_schedule`, which are checked. */
export function toLimits(
  overdueGrace: string,
  expectedInterval: string,
  verifySchedule: string,
): LimitSettings {
  const intervals = parseIntervals(expectedInterval).map(({ pattern, seconds }) => ({
    matches: createSourceTest({ include: [pattern], exclude: [] }),
    seconds,
  }))
  return {
    timeZone: localTimeZone(),
    overdueGrace: parseFactor(overdueGrace),
    verifySchedule: verifySchedule || undefined,
    configuredInterval: (source) => intervals.find(({ matches }) => matches(source))?.seconds,
  }
}
