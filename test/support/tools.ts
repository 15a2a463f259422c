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
  | 'chromium'

let paths: ReadonlyMap<string, string> | undefined
let browserPaths: ReadonlyMap<string, string> | undefined

/** The path of a tool; the first call fetches all that are missing, which is said on standard error. */
export function tool(name: ToolName): string {
  // The browser is large, and only the status page's tests want it.
  if (name === 'chromium') browserPaths ??= fetchTools('chromium')
  else paths ??= fetchTools()
  const path = (name === 'chromium' ? browserPaths : paths)?.get(name)
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
