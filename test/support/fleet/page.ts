// What stands in deploy/FLEET.md to be copied, as text and as data.

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from 'yaml'
import { fasterRules } from '../faster-rules.ts'
import type { ToFleet } from '../stack.ts'
import { projectFolder } from '../tools.ts'

/** The first block of YAML below a heading. */
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

/** What the page gives a site's Prometheus: only the name and the address are this site's. */
export async function toFleetOf(site: string, url: string): Promise<ToFleet> {
  const block: SiteBlock = parse(await yamlBelow("What each site's Prometheus gets"))
  return {
    externalLabels: { ...block.global.external_labels, site },
    remoteWrite: block.remote_write.map((target) => ({ ...target, url })),
  }
}

/** The page's expression for a site that fell silent, its times divided by `speed`. */
export async function siteSilence(speed: number): Promise<string> {
  const rules: { groups: { rules: { expr: string }[] }[] } = parse(
    fasterRules(await yamlBelow('A site that falls silent'), speed),
  )
  return rules.groups[0]?.rules[0]?.expr ?? ''
}
