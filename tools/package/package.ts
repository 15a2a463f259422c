// Builds the .deb and the .rpm in build/ (`npm run package`). `npm run package -- --release=2` builds the next release of the
// same version.

import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { configFile } from '../../agent/commands/help.ts'
import { bundle, licencesOf } from '../bundle.ts'

const projectFolder = fileURLToPath(new URL('../..', import.meta.url))
const contents = join(projectFolder, 'build/contents')

/** nfpm's names of the architectures. The npm package `node` provides Node for the building machine's architecture only. */
const architectures: Readonly<Partial<Record<NodeJS.Architecture, string>>> = { x64: 'amd64', arm64: 'arm64' }

/** Creates the files that nfpm.yaml takes from build/contents. */
async function createContents(version: string): Promise<void> {
  await rm(contents, { recursive: true, force: true })
  await mkdir(contents, { recursive: true })
  const libraries = await bundle('agent/main.ts', join(contents, 'dist'))
  const manifest = { name: 'kopia-metrics-agent', version, type: 'module', license: 'Apache-2.0' }
  await writeFile(join(contents, 'package.json'), `${JSON.stringify(manifest)}\n`)
  await writeFile(join(contents, 'config.yaml'), configFile())
  const nodeFolder = `node_modules/node/node_modules/node-linux-${process.arch}`
  // The install script of `node` fetches this folder without npm's knowledge, so a later `npm install` removes it.
  if (!existsSync(nodeFolder)) execFileSync('npm', ['rebuild', 'node'], { stdio: 'inherit' })
  const texts = [await readFile('LICENSE', 'utf8'), await licencesOf([...libraries, nodeFolder])]
  await writeFile(join(contents, 'copyright'), texts.join('\n'))
}

function nfpmPath(): string {
  const line = execFileSync('sh', ['tools/fetch.sh', 'nfpm'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  return line.trim().replace('nfpm=', '')
}

/** Builds both packages and prints their paths. */
async function buildPackages(release: string): Promise<void> {
  const arch = architectures[process.arch]
  if (process.platform !== 'linux' || arch === undefined) {
    throw new Error(`expected Linux on x64 or arm64, found ${process.platform} on ${process.arch}`)
  }
  const { version }: { version: string } = JSON.parse(await readFile('package.json', 'utf8'))
  await createContents(version)
  const nfpm = nfpmPath()
  for (const packager of ['deb', 'rpm']) {
    execFileSync(
      nfpm,
      ['package', '--config=deploy/package/nfpm.yaml', `--packager=${packager}`, '--target=build'],
      {
        env: { ...process.env, PACKAGE_ARCH: arch, PACKAGE_VERSION: version, PACKAGE_RELEASE: release },
        stdio: 'inherit',
      },
    )
  }
}

process.chdir(projectFolder)
const { values } = parseArgs({ options: { release: { type: 'string', default: '1' } } })
await buildPackages(values.release)
