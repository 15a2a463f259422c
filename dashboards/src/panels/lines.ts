// Time series graphs.

import {
  GraphDrawStyle,
  LegendDisplayMode,
  LegendPlacement,
  LineInterpolation,
  SortOrder,
  TooltipDisplayMode,
  VisibilityMode,
  VizLegendOptionsBuilder,
  VizTooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common'
import { FieldColorBuilder, FieldColorModeId } from '@grafana/grafana-foundation-sdk/dashboard'
import { PanelBuilder } from '@grafana/grafana-foundation-sdk/timeseries'
import { type Description, describe, overTime, property, type Query } from '../panel.ts'

export type Lines = Description & { readonly queries: readonly Query[] }

/** A graph of values that change continuously. A series has the same colour in every panel. */
export function lines(description: Lines): PanelBuilder {
  return describe(new PanelBuilder(), description)
    .targets(overTime(description.queries))
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.PaletteClassicByName))
    .drawStyle(GraphDrawStyle.Line)
    .lineWidth(2)
    .fillOpacity(8)
    .showPoints(VisibilityMode.Auto)
    .legend(
      new VizLegendOptionsBuilder()
        .showLegend(true)
        .displayMode(LegendDisplayMode.List)
        .placement(LegendPlacement.Bottom)
        .calcs(['lastNotNull']),
    )
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending))
}

/** For a value that the others are compared with. */
export const dashed = property('custom.lineStyle', { fill: 'dash', dash: [8, 8] })

/** Backfilled history has a sample every hour. The line connects those samples but not a longer gap. */
const joinedMilliseconds = 2 * 3_600_000

/** A stepped graph of values that change with each backup. */
export function steps(description: Lines): PanelBuilder {
  return lines(description).lineInterpolation(LineInterpolation.StepAfter).spanNulls(joinedMilliseconds)
}
