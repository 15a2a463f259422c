// Extracts the configuration that deploy/FLEET.md tells users to copy.

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from 'yaml'
import { fasterRules } from '../faster-rules.ts'
import type { ToFleet } from '../stack.ts'
import { projectFolder } from '../tools.ts'

/** Returns the first YAML block below a heading. */
export async function yamlBelow(heading: string): Promise<string> {
  const [block] = await blocksBelow(heading, 'yaml')
  if (block === undefined) throw new Error(`deploy/FLEET.md has no YAML below "${heading}"`)
  return block
}

/** Returns all blocks of a language below a heading. */
export async function blocksBelow(heading: string, language: string): Promise<readonly string[]> {
  const page = await readFile(join(projectFolder, 'deploy/FLEET.md'), 'utf8')
  const [, section] = page.split(`\n### ${heading}\n`)
  const blocks = section?.split(/^##/m)[0]?.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm) ?? []
  return [...blocks].flatMap(([, found, block = '']) => (found === language ? [block] : []))
}

type SiteBlock = {
  readonly global: { readonly external_labels: Readonly<Record<string, string>> }
  readonly remote_write: readonly ({ readonly url: string } & Readonly<Record<string, unknown>>)[]
}

const siteHeading = "Configuration of each site's Prometheus"

/**
 * Returns the page's configuration for a site's Prometheus, with this site's name and with `origin` instead of the store's
 * scheme, host and port. The section `heading` has the `remote_write` for the store.
 */
export async function toFleetOf(site: string, origin: string, heading = siteHeading): Promise<ToFleet> {
  const { global }: SiteBlock = parse(await yamlBelow(siteHeading))
  const { remote_write }: SiteBlock = parse(await yamlBelow(heading))
  return {
    externalLabels: { ...global.external_labels, site },
    remoteWrite: remote_write.map((target) => ({ ...target, url: origin + new URL(target.url).pathname })),
  }
}

/** Returns the expression of the page's alert on a silent site, with its times divided by `speed`. */
export async function siteSilence(speed: number): Promise<string> {
  const rules: { groups: { rules: { expr: string }[] }[] } = parse(
    fasterRules(await yamlBelow('An alert on a silent site'), speed),
  )
  return rules.groups[0]?.rules[0]?.expr ?? ''
}
