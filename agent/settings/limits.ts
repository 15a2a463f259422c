// What a person sets about the limits of sources.

import { createSourceTest } from '../kopia/source-patterns.ts'
import { type LimitSettings, localTimeZone } from '../limits/context.ts'
import { parseFactor, parseIntervals } from './formats.ts'

/** Builds the settings of the limits from the texts of `overdue_grace` and `expected_interval`, which are checked. */
export function toLimits(overdueGrace: string, expectedInterval: string): LimitSettings {
  const intervals = parseIntervals(expectedInterval).map(({ pattern, seconds }) => ({
    matches: createSourceTest({ include: [pattern], exclude: [] }),
    seconds,
  }))
  return {
    timeZone: localTimeZone(),
    overdueGrace: parseFactor(overdueGrace),
    configuredInterval: (source) => intervals.find(({ matches }) => matches(source))?.seconds,
  }
}
