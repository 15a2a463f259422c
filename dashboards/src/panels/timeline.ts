// A state timeline with one band per source, coloured by state.

import {
  LegendDisplayMode,
  LegendPlacement,
  VisibilityMode,
  VizLegendOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common'
import type { ValueMapping } from '@grafana/grafana-foundation-sdk/dashboard'
import { PanelBuilder } from '@grafana/grafana-foundation-sdk/statetimeline'
import { type Description, describe, overTime, type Query } from '../panel.ts'

export type Timeline = Description & {
  readonly queries: readonly Query[]
  readonly mappings: readonly ValueMapping[]
}

export function timeline(description: Timeline): PanelBuilder {
  return describe(new PanelBuilder(), description)
    .targets(overTime(description.queries))
    .mappings([...description.mappings])
    .mergeValues(true)
    .showValue(VisibilityMode.Auto)
    .rowHeight(0.8)
    .perPage(20)
    .fillOpacity(80)
    .lineWidth(0)
    .legend(
      new VizLegendOptionsBuilder()
        .showLegend(true)
        .displayMode(LegendDisplayMode.List)
        .placement(LegendPlacement.Bottom),
    )
}
