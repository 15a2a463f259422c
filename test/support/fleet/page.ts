// Extracts the configuration that deploy/FLEET.md tells users to copy.

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from 'yaml'
import { fasterRules } from '../faster-rules.ts'
import type { ToFleet } from '../stack.ts'
import { projectFolder } from '../tools.ts'

/** Returns the first YAML block below a heading. */
export async function yamlBelow(heading: string): Promise<string> {
  const page = await readFile(join(projectFolder, 'deploy/FLEET.md'), 'utf8')
  const [, section] = page.split(`\n### ${heading}\n`)
  const block = /^```yaml\n([\s\S]*?)^```$/m.exec(section?.split(/^##/m)[0] ?? '')?.[1]
  if (block === undefined) throw new Error(`deploy/FLEET.md has no YAML below "${heading}"`)
  return block
}

type SiteBlock = {
  readonly global: { readonly external_labels: Readonly<Record<string, string>> }
  readonly remote_write: readonly Readonly<Record<string, unknown>>[]
}

/** Returns the page's configuration for a site's Prometheus, with this site's name and address. */
export async function toFleetOf(site: string, url: string): Promise<ToFleet> {
  const block: SiteBlock = parse(await yamlBelow("Configuration of each site's Prometheus"))
  return {
    externalLabels: { ...block.global.external_labels, site },
    remoteWrite: block.remote_write.map((target) => ({ ...target, url })),
  }
}

/** Returns the expression of the page's alert on a silent site, with its times divided by `speed`. */
export async function siteSilence(speed: number): Promise<string> {
  const rules: { groups: { rules: { expr: string }[] }[] } = parse(
    fasterRules(await yamlBelow('An alert on a silent site'), speed),
  )
  return rules.groups[0]?.rules[0]?.expr ?? ''
}
