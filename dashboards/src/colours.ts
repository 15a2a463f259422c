// Grafana's own colours by name, which suit its dark and its light theme; every state is told in words as
// well.

import type { Builder } from '@grafana/grafana-foundation-sdk/cog'
import {
  MappingType,
  type ThresholdsConfig,
  ThresholdsConfigBuilder,
  ThresholdsMode,
  type ValueMapping,
} from '@grafana/grafana-foundation-sdk/dashboard'

export type Colour = 'green' | 'red' | 'orange' | 'yellow' | 'blue' | 'purple' | 'text'

/** A colour that holds from a value on; the first of them from nothing on. */
export type Step = { readonly from: number | undefined; readonly colour: Colour }

export const noneIsGood: readonly Step[] = [
  { from: undefined, colour: 'green' },
  { from: 1, colour: 'red' },
]

export function thresholds(steps: readonly Step[]): Builder<ThresholdsConfig> {
  return new ThresholdsConfigBuilder()
    .mode(ThresholdsMode.Absolute)
    .steps(steps.map(({ from, colour }) => ({ value: from ?? null, color: colour })))
}

export type Word = { readonly value: number; readonly text: string; readonly colour: Colour }

/** Words in place of numbers. */
export function words(list: readonly Word[]): ValueMapping {
  const options = list.map(({ value, text, colour }, index) => [
    String(value),
    { text, color: colour, index },
  ])
  return { type: MappingType.ValueToText, options: Object.fromEntries(options) }
}

/** Of the severities that the alert rules have. */
export const severityColours: ValueMapping = {
  type: MappingType.ValueToText,
  options: { critical: { color: 'red', index: 0 }, warning: { color: 'orange', index: 1 } },
}

/** Words for all values from `from` on. */
export function wordsFrom(from: number, text: string, colour: Colour): ValueMapping {
  return {
    type: MappingType.RangeToText,
    options: { from, to: null, result: { text, color: colour, index: 0 } },
  }
}
