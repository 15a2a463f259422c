// A bar gauge with one bar per query.

import { PanelBuilder } from '@grafana/grafana-foundation-sdk/bargauge'
import {
  BarGaugeDisplayMode,
  BarGaugeNamePlacement,
  BarGaugeSizing,
  VizOrientation,
} from '@grafana/grafana-foundation-sdk/common'
import { thresholds } from '../colours.ts'
import { type Description, describe, now, type Query } from '../panel.ts'

export type Bars = Description & { readonly queries: readonly Query[] }

export function bars(description: Bars): PanelBuilder {
  return describe(new PanelBuilder(), description)
    .targets(now(description.queries))
    .thresholds(thresholds([{ from: undefined, colour: 'blue' }]))
    .min(0)
    .decimals(0)
    .orientation(VizOrientation.Horizontal)
    .displayMode(BarGaugeDisplayMode.Basic)
    .namePlacement(BarGaugeNamePlacement.Left)
    .sizing(BarGaugeSizing.Auto)
    .showUnfilled(false)
}
