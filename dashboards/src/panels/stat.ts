// A single large number with a coloured background.

import {
  BigValueColorMode,
  BigValueGraphMode,
  BigValueTextMode,
} from '@grafana/grafana-foundation-sdk/common'
import type { ValueMapping } from '@grafana/grafana-foundation-sdk/dashboard'
import { PanelBuilder } from '@grafana/grafana-foundation-sdk/stat'
import { type Step, thresholds } from '../colours.ts'
import { type Description, describe, now } from '../panel.ts'

export type Stat = Description & {
  readonly expression: string
  readonly steps: readonly Step[]
  readonly mappings?: readonly ValueMapping[]
  readonly decimals?: number
}

export function stat(description: Stat): PanelBuilder {
  const { expression, steps, mappings = [], decimals } = description
  const panel = describe(new PanelBuilder(), description)
    .targets(now([{ expression, legend: description.title }]))
    .thresholds(thresholds(steps))
    .mappings([...mappings])
    .colorMode(BigValueColorMode.Background)
    .graphMode(BigValueGraphMode.None)
    .textMode(BigValueTextMode.Value)
  return decimals === undefined ? panel : panel.decimals(decimals)
}
