// Grafana's named colours, which work in its dark and light themes. Every state also has a text.

import type { Builder } from '@grafana/grafana-foundation-sdk/cog'
import {
  MappingType,
  type ThresholdsConfig,
  ThresholdsConfigBuilder,
  ThresholdsMode,
  type ValueMapping,
} from '@grafana/grafana-foundation-sdk/dashboard'

export type Colour = 'green' | 'red' | 'orange' | 'yellow' | 'blue' | 'purple' | 'text'

/** A colour for values from `from` on. The first step has no `from`. */
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

export type MappedValue = { readonly value: number; readonly text: string; readonly colour: Colour }

/** Maps values to texts with colours. */
export function valueMapping(list: readonly MappedValue[]): ValueMapping {
  const options = list.map(({ value, text, colour }, index) => [
    String(value),
    { text, color: colour, index },
  ])
  return { type: MappingType.ValueToText, options: Object.fromEntries(options) }
}

/** Maps the values of a label to texts. */
export function textMapping(texts: Readonly<Record<string, string>>): ValueMapping {
  const options = Object.entries(texts).map(([value, text], index) => [value, { text, index }])
  return { type: MappingType.ValueToText, options: Object.fromEntries(options) }
}

/** The colours of the alert rules' severities. */
export const severityColours: ValueMapping = {
  type: MappingType.ValueToText,
  options: { critical: { color: 'red', index: 0 }, warning: { color: 'orange', index: 1 } },
}

/** Maps all values from `from` on to one text. */
export function rangeMapping(from: number, text: string, colour: Colour): ValueMapping {
  return {
    type: MappingType.RangeToText,
    options: { from, to: null, result: { text, color: colour, index: 0 } },
  }
}
