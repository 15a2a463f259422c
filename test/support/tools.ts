// Paths of the real tools; tools/fetch.sh finds or installs them.

import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

export const projectFolder = fileURLToPath(new URL('../..', import.meta.url))

export type ToolName =
  | 'kopia'
  | 'prometheus'
  | 'promtool'
  | 'promtool3'
  | 'prometheus3'
  | 'pushgateway'
  | 'pushgateway-1.11'
  | 'alertmanager'
  | 'amtool'
  | 'node_exporter'
  | 'shellcheck'
  | 'hadolint'
  | 'actionlint'
  | 'nfpm'
  | 'systemd-analyze'
  | 'busybox'
  | 'catatonit'
  | 'msmtp'
  | 'openssl'
  | 'chromium'
  | 'victoria-metrics'
  | 'vmalert'
  | 'thanos'
  | 'docker-compose'
  | 'etcd'
  | 'kube-apiserver'
  | 'kubectl'
  | 'kustomize'
  | 'prometheus-operator-webhook'
  | 'kopia-arm64'
  | 'docker-registry'
  | 'qemu-aarch64-static'

const paths = new Map<ToolName, string>()

/** Returns the path of a tool. The first call installs or builds a missing one and reports that on standard error. */
export function tool(name: ToolName): string {
  const path = paths.get(name) ?? fetchTool(name)
  paths.set(name, path)
  return path
}

function fetchTool(name: ToolName): string {
  const line = execFileSync('sh', ['tools/fetch.sh', name], {
    cwd: projectFolder,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  return line.trim().slice(`${name}=`.length)
}
