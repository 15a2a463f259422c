// The parts of a dashboard's JSON that tests and drawings use.

import { readdir, readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'

export type Target = {
  readonly refId: string
  readonly expr: string
  readonly legendFormat?: string
  readonly instant?: boolean
  readonly datasource?: DataSource
}
export type DataSource = { readonly type?: string; readonly uid?: string }
export type Property = { readonly id: string; readonly value?: unknown }
export type Override = {
  readonly matcher: { readonly id: string; readonly options?: unknown }
  readonly properties: readonly Property[]
}
export type Mapping = { readonly type: string; readonly options: unknown }
export type Threshold = { readonly value: number | null; readonly color: string }
export type Panel = {
  readonly id: number
  readonly type: string
  readonly title: string
  readonly description?: string
  readonly datasource?: DataSource
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number }
  readonly targets: readonly Target[]
  readonly fieldConfig: {
    readonly defaults: {
      readonly unit?: string
      readonly noValue?: string
      readonly decimals?: number
      readonly min?: number
      readonly max?: number
      readonly mappings?: readonly Mapping[]
      readonly thresholds?: { readonly steps: readonly Threshold[] }
    }
    readonly overrides: readonly Override[]
  }
  readonly transformations?: readonly { readonly id: string; readonly options: unknown }[]
  readonly options?: unknown
}
export type Variable = {
  readonly name: string
  readonly label?: string
  readonly type: string
  readonly query: string
  readonly datasource?: DataSource
  readonly multi?: boolean
  readonly includeAll?: boolean
  readonly allValue?: string
  readonly regex?: string
  readonly refresh?: number
}
export type Annotation = {
  readonly name: string
  readonly expr: string
  readonly datasource: DataSource
  readonly iconColor: string
  readonly titleFormat: string
  readonly textFormat: string
}
export type Dashboard = {
  readonly title: string
  readonly uid: string
  readonly editable: boolean
  readonly schemaVersion: number
  readonly time: { readonly from: string; readonly to: string }
  readonly panels: readonly Panel[]
  readonly templating: { readonly list: readonly Variable[] }
  readonly annotations: { readonly list: readonly Annotation[] }
}

export const dashboardsFolder = fileURLToPath(new URL('../../../dashboards/', import.meta.url))

/** Reads the committed dashboards, by file name. */
export async function readDashboards(): Promise<ReadonlyMap<string, Dashboard>> {
  const names = (await readdir(dashboardsFolder)).filter((name) => name.endsWith('.json')).sort()
  const entries = names.map(async (name): Promise<[string, Dashboard]> => {
    const dashboard: Dashboard = JSON.parse(await readFile(dashboardsFolder + name, 'utf8'))
    return [name, dashboard]
  })
  return new Map(await Promise.all(entries))
}
