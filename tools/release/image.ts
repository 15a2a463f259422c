// Pushes the image of a release for both kinds of processors, as one manifest list under each tag: `npm run release:image --
// ghcr.io/owner/name`. With --dry-run it prints the command and does nothing. tools/image.sh builds; the options are those of Docker's
// buildx, and the registry's login is the caller's.

import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { readManifest } from '../manifest.ts'

/** What tools/image.sh is called with. */
type PushCommand = {
  readonly parameters: readonly string[]
  /** For the environment variable BUILD_OPTIONS. */
  readonly buildOptions: readonly string[]
}

/** `image` is a registry and a name, without a tag; registries know no capital letters. */
export function pushCommand(image: string, version: string): PushCommand {
  const name = image.toLowerCase()
  const minor = version.split('.').slice(0, 2).join('.')
  const source = name.startsWith('ghcr.io/')
    ? [`source=https://github.com/${name.slice('ghcr.io/'.length)}`]
    : []
  const labels = [...source, `version=${version}`, 'licenses=Apache-2.0']
  return {
    parameters: ['tools/image.sh', '--push', ...[version, minor, 'latest'].map((tag) => `${name}:${tag}`)],
    buildOptions: [
      ...labels.map((label) => `--label=org.opencontainers.image.${label}`),
      // What is in the image, and how it was built, beside it in the registry.
      '--provenance=mode=max',
      '--sbom=true',
    ],
  }
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
  const { version } = await readManifest()
  const { parameters, buildOptions } = pushCommand(image, version)
  const options = buildOptions.join(' ')
  if (values['dry-run']) console.log(`BUILD_OPTIONS='${options}' sh ${parameters.join(' ')}`)
  else execFileSync('sh', parameters, { stdio: 'inherit', env: { ...process.env, BUILD_OPTIONS: options } })
}
