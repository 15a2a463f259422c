// Where the real parts are: tools/fetch.sh finds or fetches them.

import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

export const projectFolder = fileURLToPath(new URL('../..', import.meta.url))

export type ToolName =
  | 'kopia'
  | 'prometheus'
  | 'promtool'
  | 'promtool3'
  | 'pushgateway'
  | 'alertmanager'
  | 'amtool'
  | 'node_exporter'
  | 'shellcheck'
  | 'systemd-analyze'
  | 'openssl'
  | OnDemand

/** Large, or long to build, and wanted by one test only: each is fetched by itself, when it is asked for. */
const onDemand = ['chromium', 'victoria-metrics', 'pushgateway-1.11'] as const
type OnDemand = (typeof onDemand)[number]

/** What each call of tools/fetch.sh gave, by what was asked for; the empty name is all that is not on demand. */
const fetched = new Map<string, ReadonlyMap<string, string>>()

/** The path of a tool; the first call fetches all that are missing, which is said on standard error. */
export function tool(name: ToolName): string {
  const wanted = onDemand.find((special) => special === name)
  const paths = fetched.get(wanted ?? '') ?? (wanted === undefined ? fetchTools() : fetchTools(wanted))
  fetched.set(wanted ?? '', paths)
  const path = paths.get(name)
  if (path === undefined) throw new Error(`tools/fetch.sh did not provide ${name}`)
  return path
}

function fetchTools(...wanted: readonly string[]): ReadonlyMap<string, string> {
  const output = execFileSync('sh', ['tools/fetch.sh', ...wanted], {
    cwd: projectFolder,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const pairs = output.trim().split('\n')
  return new Map(
    pairs.map((line): [string, string] => {
      const equals = line.indexOf('=')
      return [line.slice(0, equals), line.slice(equals + 1)]
    }),
  )
}
