// Builds the image for both kinds of processors and pushes it, as one manifest list under each tag:
// `npm run release:image -- ghcr.io/owner/name`. With --dry-run it prints the command and does nothing. Needs Docker with buildx, the
// registry's login, and QEMU for the other processor.

import { execFileSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

/** The parameters for docker. `image` is a registry and a name, without a tag; registries know no capital letters. */
export function pushParameters(image: string, version: string): readonly string[] {
  const name = image.toLowerCase()
  const minor = version.split('.').slice(0, 2).join('.')
  const source = name.startsWith('ghcr.io/')
    ? [`source=https://github.com/${name.slice('ghcr.io/'.length)}`]
    : []
  const labels = [...source, `version=${version}`, 'licenses=Apache-2.0']
  return [
    'buildx',
    'build',
    '--file=deploy/Containerfile',
    '--platform=linux/amd64,linux/arm64',
    ...[version, minor, 'latest'].map((tag) => `--tag=${name}:${tag}`),
    ...labels.map((label) => `--label=org.opencontainers.image.${label}`),
    // What is in the image, and how it was built, beside it in the registry.
    '--provenance=mode=max',
    '--sbom=true',
    '--push',
    '.',
  ]
}

if (import.meta.main) {
  process.chdir(join(import.meta.dirname, '../..'))
  const { values, positionals } = parseArgs({
    options: { 'dry-run': { type: 'boolean', default: false } },
    allowPositionals: true,
  })
  const [image] = positionals
  if (image === undefined)
    throw new Error('expected a name, such as: npm run release:image -- ghcr.io/owner/name')
  const { version }: { version: string } = JSON.parse(await readFile('package.json', 'utf8'))
  const parameters = pushParameters(image, version)
  if (values['dry-run']) console.log(['docker', ...parameters].join(' '))
  else execFileSync('docker', parameters, { stdio: 'inherit' })
}
