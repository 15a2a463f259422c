// Applies a panel's field configuration to a value: text, unit and colour.

import type { Mapping, Override, Panel, Threshold } from '../../test/support/dashboards/model.ts'
import { format } from './format.ts'

type Field = {
  readonly unit: string
  readonly decimals?: number
  readonly noValue: string
  readonly mappings: readonly Mapping[]
  readonly thresholds: readonly Threshold[]
  /** All overridden properties, such as `custom.transform`. */
  readonly custom: ReadonlyMap<string, unknown>
}
type Shown = { readonly text: string; readonly colour: string | undefined }

/** The configuration of a field: the panel's defaults and the overrides that match its name. */
export function fieldOf({ fieldConfig: { defaults, overrides } }: Panel, name: string): Field {
  const properties = overrides
    .filter(({ matcher }) => isMatch(matcher, name))
    .flatMap(({ properties }) => properties)
  const custom = new Map(properties.map(({ id, value }) => [id, value]))
  // The types below are those that dashboards/src writes.
  const { unit, decimals, noValue, mappings, thresholds } = Object.fromEntries(custom)
  const ownDecimals = (decimals ?? defaults.decimals) as number | undefined
  return {
    unit: String(unit ?? defaults.unit),
    ...(ownDecimals !== undefined && { decimals: ownDecimals }),
    noValue: String(noValue ?? defaults.noValue),
    mappings: (mappings as readonly Mapping[] | undefined) ?? defaults.mappings ?? [],
    thresholds:
      (thresholds as { steps: readonly Threshold[] } | undefined)?.steps ?? defaults.thresholds?.steps ?? [],
    custom,
  }
}

function isMatch({ id, options }: Override['matcher'], name: string): boolean {
  if (id === 'byName') return options === name
  return id === 'byRegexp' && new RegExp(`^${options}$`).test(name)
}

type Result = { readonly text: string; readonly color?: string }
type Range = { readonly from: number | null; readonly to: number | null; readonly result: Result }

/** Formats a value: as the text of a mapping if one matches, otherwise as a number with its unit. */
export function show(field: Field, value: number | undefined, nowSeconds: number): Shown {
  if (value === undefined || Number.isNaN(value)) return { text: field.noValue, colour: undefined }
  const mapped = field.mappings
    .map((mapping) => mappedBy(mapping, value))
    .find((result) => result !== undefined)
  if (mapped !== undefined) return { text: mapped.text, colour: mapped.color }
  const threshold = field.thresholds.findLast((step) => value >= (step.value ?? Number.NEGATIVE_INFINITY))
  return { text: format(value, field.unit, field.decimals, nowSeconds), colour: threshold?.color }
}

/** The text and colour that the mappings assign to the value of a label, such as a severity. */
export function showLabel({ mappings }: Field, label: string): Shown {
  const [mapped] = mappings
    .filter(({ type }) => type === 'value')
    .flatMap(({ options }) => (options as Readonly<Record<string, Partial<Result>>>)[label] ?? [])
  return { text: mapped?.text ?? label, colour: mapped?.color }
}

function mappedBy({ type, options }: Mapping, value: number): Result | undefined {
  if (type === 'value') return (options as Readonly<Record<string, Result>>)[String(value)]
  const { from, to, result } = options as Range
  return value >= (from ?? Number.NEGATIVE_INFINITY) && value <= (to ?? Number.POSITIVE_INFINITY)
    ? result
    : undefined
}
