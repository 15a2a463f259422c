// What the agent pushes to: a Pushgateway, or the text import of a store, VictoriaMetrics'.

/** Decided once, from the settings: nothing else looks at a URL to find out. */
export type PushTarget =
  | { readonly kind: 'pushgateway' }
  | { readonly kind: 'prometheus-import'; readonly store: Store }

/** Where the series can be asked for that an import took. */
export type Store =
  /** The base of its Prometheus API, without a slash at the end. It is a guess: a vmagent has the same URL and no such API. */
  | { readonly kind: 'known'; readonly queryUrl: string }
  /** `placeholderUrl` stands for its API where a person is told what to call. */
  | { readonly kind: 'unknown'; readonly reason: string; readonly placeholderUrl: string }

/** Stands for the API of a single node. */
export const placeholderUrl = 'http://STORE:8428'

/** The path of the import, which no Pushgateway has (VictoriaMetrics, "How to import data in Prometheus exposition format"). */
export const importPath = '/api/v1/import/prometheus'

const deletePath = '/api/v1/admin/tsdb/delete_series'

/** Whether the path of the URL alone says that it is an import. */
export function isImportUrl(url: string): boolean {
  return withoutSlashes(new URL(url).pathname).endsWith(importPath)
}

/**
 * Works out where the series of an import can be asked for. A single node answers beside its import. A cluster answers in vmselect,
 * which `prometheusUrl` must name, with the same tenant (VictoriaMetrics cluster, "URL format"); empty: it is not set.
 */
export function storeOfImport(importUrl: string, prometheusUrl: string): Store {
  const url = withoutSlashes(importUrl)
  if (!url.endsWith(importPath)) {
    const reason = `pushgateway_url does not end in ${importPath}`
    return { kind: 'unknown', reason, placeholderUrl: prometheusUrl || placeholderUrl }
  }
  const base = url.slice(0, -importPath.length)
  const tenant = tenantIn(base, 'insert')
  if (tenant === undefined) return { kind: 'known', queryUrl: base }
  const queryUrl = withoutSlashes(prometheusUrl)
  const asked = tenantIn(queryUrl, 'select')
  if (asked === tenant) return { kind: 'known', queryUrl }
  const expected = `expected a prometheus_url such as http://vmselect:8481/select/${tenant}/prometheus`
  return {
    kind: 'unknown',
    reason: `${expected}, found ${prometheusUrl === '' ? 'none' : prometheusUrl}`,
    // Never the prometheus_url that was found: its tenant is another one.
    placeholderUrl: `http://VMSELECT:8481/select/${tenant}/prometheus`,
  }
}

/**
 * The URL at which the store of an import takes remote write; undefined where `importUrl` is another path, whose neighbours nobody
 * knows (VictoriaMetrics, "Prometheus remote_write"; a vmagent and the cluster's vminsert have it, too).
 */
export function remoteWriteUrlOf(importUrl: string): string | undefined {
  const url = withoutSlashes(importUrl)
  return url.endsWith(importPath) ? `${url.slice(0, -importPath.length)}/api/v1/write` : undefined
}

/** The URL that deletes series, of the store that answers queries at `queryUrl` (VictoriaMetrics, "How to delete time series"). */
export function deleteUrlOf(queryUrl: string): string {
  const base = withoutSlashes(queryUrl)
  const tenant = tenantIn(base, 'select')
  if (tenant === undefined) return `${base}${deletePath}`
  return `${base.slice(0, base.lastIndexOf('/select/'))}/delete/${tenant}/prometheus${deletePath}`
}

/** The tenant in a URL of a cluster: `0` and `0:0` are the same one. */
function tenantIn(base: string, kind: 'insert' | 'select'): string | undefined {
  const [, tenant] = new RegExp(`/${kind}/([^/]+)/prometheus$`).exec(base) ?? []
  return tenant?.replace(/:0$/, '')
}

function withoutSlashes(url: string): string {
  return url.replace(/\/+$/, '')
}
