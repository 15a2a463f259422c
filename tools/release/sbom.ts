// The software bill of materials (CycloneDX): what a release consists of, by package-lock.json. `node tools/release/sbom.ts` prints it.

import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { readManifest } from '../manifest.ts'

const projectFolder = join(import.meta.dirname, '../..')

/** One part of the product. npm makes it of type `library`. */
type Component = {
  readonly type: string
  readonly name: string
  readonly version: string
  readonly 'bom-ref'?: string
  readonly licenses?: readonly { readonly license: { readonly id: string } }[]
}

/** The fields that are used here; npm fills in more (https://cyclonedx.org/docs/1.5/json/). */
type Sbom = {
  readonly metadata: { readonly component: Component }
  readonly components: readonly Component[]
}

/** The bill of the product that package.json describes, as npm knows it, with the Node that the packages and the image contain. */
export async function makeSbom(): Promise<Sbom> {
  const npm = [
    'sbom',
    '--sbom-format=cyclonedx',
    '--sbom-type=application',
    '--package-lock-only',
    '--omit=dev',
  ]
  const bill: Sbom = JSON.parse(
    execFileSync('npm', npm, { cwd: projectFolder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }),
  )
  const { name, nodeVersion } = await readManifest()
  return {
    ...bill,
    // npm takes the name of the folder of the checkout.
    metadata: { ...bill.metadata, component: { ...bill.metadata.component, name } },
    components: [...bill.components, nodeComponent(nodeVersion)],
  }
}

/** To npm, Node is a tool of the developers. Scanners find its vulnerabilities by the CPE. */
function nodeComponent(version: string): Component & { readonly [field: string]: unknown } {
  return {
    'bom-ref': `node@${version}`,
    type: 'platform',
    name: 'node',
    version,
    description:
      'Part of the .deb, the .rpm and the image; the npm package runs with the Node of its machine',
    cpe: `cpe:2.3:a:nodejs:node.js:${version}:*:*:*:*:*:*:*`,
    purl: `pkg:generic/node@${version}`,
    licenses: [{ license: { id: 'MIT' } }],
  }
}

if (import.meta.main) console.log(JSON.stringify(await makeSbom(), undefined, 2))
