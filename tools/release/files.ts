// Makes everything that a release consists of, but the images, in build/release: `npm run release:files`. Publishes nothing.

import { execFileSync } from 'node:child_process'
import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readManifest } from '../manifest.ts'
import { readNotes } from './notes.ts'
import { makeSbom } from './sbom.ts'

const folder = 'build/release'

/** The packages for both kinds of processors, as nfpm names them. */
export function packageNames(version: string): readonly string[] {
  return [
    `kopia-metrics-agent_${version}-1_amd64.deb`,
    `kopia-metrics-agent_${version}-1_arm64.deb`,
    `kopia-metrics-agent-${version}-1.x86_64.rpm`,
    `kopia-metrics-agent-${version}-1.aarch64.rpm`,
  ]
}

/** Runs a program whose output is progress. */
function run(program: string, ...parameters: readonly string[]): void {
  execFileSync(program, parameters, { stdio: ['ignore', 2, 'inherit'] })
}

async function makeFiles(): Promise<void> {
  const { name, version } = await readManifest()
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  run(process.execPath, 'tools/package/package.ts')
  for (const file of packageNames(version)) await copyFile(join('build', file), join(folder, file))
  run('npm', 'pack', '--silent', `--pack-destination=${folder}`)
  await writeFile(
    join(folder, `${name}-${version}.cdx.json`),
    `${JSON.stringify(await makeSbom(), undefined, 2)}\n`,
  )
  run('sh', 'tools/release/checksums.sh', folder)
  // The text of the release is not one of its files.
  await writeFile('build/release-notes.md', `${await readNotes()}\n`)
  console.log(await readFile(join(folder, 'SHA256SUMS'), 'utf8'))
}

if (import.meta.main) {
  process.chdir(join(import.meta.dirname, '../..'))
  await makeFiles()
}
