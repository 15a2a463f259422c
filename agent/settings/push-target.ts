// Decides what the agent pushes to, from the settings.

import { isImportUrl, type PushTarget, storeOfImport } from '../push/target.ts'

type PushTargetSettings = {
  /** `auto`, `pushgateway` or `prometheus-import`, which is checked. */
  readonly push_target: string
  readonly pushgateway_url: string
  /** Empty: none. */
  readonly prometheus_url: string
}

/** `auto` decides by the path of `pushgateway_url`, and asks nothing: the store may be down when the agent starts. */
export function toPushTarget({
  push_target: setting,
  pushgateway_url: url,
  prometheus_url: prometheusUrl,
}: PushTargetSettings): PushTarget {
  const isImport = setting === 'prometheus-import' || (setting === 'auto' && isImportUrl(url))
  return isImport
    ? { kind: 'prometheus-import', store: storeOfImport(url, prometheusUrl) }
    : { kind: 'pushgateway' }
}
