// A real Prometheus on the node's network, with the ServiceMonitor's target and the rules of the PrometheusRule.

import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { stringify } from 'yaml'
import type { Cleanable } from '../cleanup.ts'
import { temporaryFolder } from '../folder.ts'
import type { Manifest } from './kubectl.ts'
import { type Node, network } from './node.ts'

type Relabeling = {
  readonly action?: string
  readonly regex?: string
  readonly targetLabel?: string
  readonly replacement?: string
}
type ServiceMonitor = Manifest & {
  readonly spec: {
    readonly endpoints: readonly {
      readonly honorLabels: boolean
      readonly relabelings: readonly Relabeling[]
    }[]
  }
}

/** Labels that prometheus-operator gives to every target of a ServiceMonitor. */
const targetLabels = {
  namespace: 'kopia',
  service: 'pushgateway',
  endpoint: 'http',
  pod: 'pushgateway-1',
  container: 'pushgateway',
}

/** Starts Prometheus, which reads the gateway every second. */
export async function startPrometheus(
  context: Cleanable,
  node: Node,
  image: string,
  manifests: readonly Manifest[],
): Promise<Query> {
  const monitor = find<ServiceMonitor>(manifests, 'ServiceMonitor')
  const rule = find<Manifest & { readonly spec: unknown }>(manifests, 'PrometheusRule')
  const [endpoint] = monitor.spec.endpoints
  const folder = await temporaryFolder(context)
  await writeFile(join(folder, 'rules.yml'), stringify(rule.spec))
  await writeFile(
    join(folder, 'prometheus.yml'),
    stringify({
      global: { scrape_interval: '1s', evaluation_interval: '1s' },
      rule_files: ['/configuration/rules.yml'],
      scrape_configs: [
        {
          job_name: 'pushgateway',
          honor_labels: endpoint?.honorLabels,
          relabel_configs: endpoint?.relabelings.map(({ targetLabel, ...relabeling }) => ({
            ...relabeling,
            ...(targetLabel === undefined ? {} : { target_label: targetLabel }),
          })),
          static_configs: [{ targets: ['pushgateway:9091'], labels: targetLabels }],
        },
      ],
    }),
  )
  await node.podman(
    ...['run', '--detach', '--pull=never', '--name=prometheus', `--network=${network}`, '--user=0:0'],
    ...[`--volume=${folder}:/configuration:ro`, image, '--config.file=/configuration/prometheus.yml'],
  )
  return async (expression) => {
    const url = `http://127.0.0.1:9090/api/v1/query?query=${encodeURIComponent(expression)}`
    return JSON.parse(await node.podman('exec', 'prometheus', 'wget', '-q', '-O', '-', url)).data.result
  }
}

export type Query = (
  expression: string,
) => Promise<
  readonly { readonly metric: Readonly<Record<string, string>>; readonly value: readonly [number, string] }[]
>

/** The only object of a kind. Throws where there is none. */
export function find<T extends Manifest>(manifests: readonly Manifest[], kind: T['kind']): T {
  const found = manifests.find((one): one is T => one.kind === kind)
  if (found === undefined) throw new Error(`there is no ${kind}`)
  return found
}
