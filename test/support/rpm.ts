// Builds what the test of the .rpm installs beside the packages of this version: one of 0.1.0, and the libraries of a machine.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { configFile } from '../../agent/commands/help.ts'
import { whileBuilding } from './build-lock.ts'
import { projectFolder, tool } from './tools.ts'

const processor = process.arch === 'arm64' ? 'aarch64' : 'x86_64'

/** The .rpm beside a .deb. */
export async function rpmOf(deb: string): Promise<string> {
  const release = /-(\d+)_/.exec(deb)?.[1]
  const folder = dirname(deb)
  const name = (await readdir(folder)).find((each) => each.endsWith(`-${release}.${processor}.rpm`))
  assert.ok(name, deb)
  return join(folder, name)
}

/** The .rpm of 0.1.0: the program of today, whose configuration file has other comments. Call it after makePackages. */
export async function makeOldRpm(folder: string): Promise<string> {
  await writeFile(join(folder, 'config.yaml'), `# The settings of 0.1.0.\n${configFile()}`)
  const description = (await readFile(join(projectFolder, 'deploy/package/nfpm.yaml'), 'utf8')).replace(
    'build/contents/config.yaml',
    join(folder, 'config.yaml'),
  )
  await writeFile(join(folder, 'old.yaml'), description)
  return whileBuilding(() =>
    makeRpm(folder, 'old.yaml', {
      PACKAGE_ARCH: process.arch === 'arm64' ? 'arm64' : 'amd64',
      PACKAGE_NODE: 'node_modules/node/bin/node',
      PACKAGE_VERSION: '0.1.0',
      PACKAGE_RELEASE: '1',
    }),
  )
}

/**
 * A .rpm that provides what the agent's requires. The machine has the libraries, as Debian's packages, of which rpm knows
 * nothing. The list is written by hand, so that a requirement that nobody thought of fails the test.
 */
export async function makeLibrariesRpm(folder: string): Promise<string> {
  const provided = [
    '/bin/sh',
    'libc.so.6(GLIBC_2.28)(64bit)',
    'libstdc++.so.6(GLIBCXX_3.4.21)(64bit)',
    'libgcc_s.so.1()(64bit)',
  ]
  const description = {
    name: 'libraries-of-the-machine',
    arch: process.arch === 'arm64' ? 'arm64' : 'amd64',
    version: '1.0.0',
    maintainer: 'test <test@localhost>',
    description: 'what Debian has installed',
    provides: provided,
  }
  await writeFile(join(folder, 'libraries.yaml'), JSON.stringify(description))
  return makeRpm(folder, 'libraries.yaml', {})
}

async function makeRpm(folder: string, description: string, environment: NodeJS.ProcessEnv): Promise<string> {
  const target = join(folder, description.replace('.yaml', ''))
  await mkdir(target)
  execFileSync(
    tool('nfpm'),
    ['package', `--config=${join(folder, description)}`, '--packager=rpm', `--target=${target}`],
    { cwd: projectFolder, env: { ...process.env, ...environment }, stdio: ['ignore', 'ignore', 'inherit'] },
  )
  const [name, ...others] = await readdir(target)
  assert.ok(name !== undefined && others.length === 0)
  return join(target, name)
}
