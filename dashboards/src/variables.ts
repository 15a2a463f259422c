// The variables at the top of a dashboard.

import {
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  VariableHide,
  VariableRefresh,
  VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard'
import { dataSource } from './panel.ts'

export function dataSourceVariable(): DatasourceVariableBuilder {
  return new DatasourceVariableBuilder('datasource').label('Data source').type('prometheus')
}

type Choice = { readonly name: string; readonly label: string; readonly query: string }

/** A variable with one, several or all values. Its options depend on the displayed time. */
function choice({ name, label, query }: Choice): QueryVariableBuilder {
  return new QueryVariableBuilder(name)
    .label(label)
    .datasource(dataSource)
    .query(query)
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.NaturalAsc)
    .multi(true)
    .includeAll(true)
    .current({ text: ['All'], value: ['$__all'] })
}

/** A visible variable. "All" also matches series without the label. */
export function visible(description: Choice): QueryVariableBuilder {
  return choice(description).allValue('.*')
}

/**
 * A hidden variable that depends on the other variables. It has no value of its own for "All", so Grafana inserts all
 * options that the other variables leave.
 */
export function hidden(description: Choice): QueryVariableBuilder {
  return choice(description).hide(VariableHide.HideVariable)
}
