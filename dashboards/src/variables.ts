// What a person chooses at the top of a dashboard.

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

export type Choice = { readonly name: string; readonly label: string; readonly query: string }

/** One or several values, or all of them; the list follows the time that is shown. */
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

/** With "All", series that lack the label are meant, too. */
export function visible(description: Choice): QueryVariableBuilder {
  return choice(description).allValue('.*')
}

/**
 * Follows from what is chosen elsewhere. It has no value of its own for "All": Grafana then takes the whole
 * list, which is as long as the choices before it leave it.
 */
export function hidden(description: Choice): QueryVariableBuilder {
  return choice(description).hide(VariableHide.HideVariable)
}
