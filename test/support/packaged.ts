// Builds the .deb, sets up Kopia and a gateway on a machine, and reads the state of the services.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { copyFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { whileBuilding } from './build-lock.ts'
import { figuresIn, type SourceFigures } from './lab.ts'
import type { Machine } from './machine.ts'
import { projectFolder, tool } from './tools.ts'
import { waitFor } from './wait.ts'

export const unit = 'kopia-metrics-agent.service'
export const gateway = 'http://127.0.0.1:9091/metrics'
export const password = 'correct horse battery staple'

/** The paths of a .deb and of the next release of it. */
export type Packages = { readonly first: string; readonly next: string }

export type Architecture = 'amd64' | 'arm64'

/** The processor of this machine. */
const ownArchitecture: Architecture = process.arch === 'arm64' ? 'arm64' : 'amd64'

/**
 * Runs tools/package/package.ts and resolves with the paths of the packages that it says it created. They lie in a folder of this
 * process, since all builds write to one folder, and another test may build the same ones again.
 */
export function runPackaging(...parameters: readonly string[]): Promise<readonly string[]> {
  return whileBuilding(async () => {
    const output = execFileSync(process.execPath, ['tools/package/package.ts', ...parameters], {
      cwd: projectFolder,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const created = [...output.matchAll(/^created package: (.*)$/gm)].map(([, path = '']) => path)
    return Promise.all(created.map(keepPackage))
  })
}

let ownFolder: string | undefined

async function keepPackage(path: string): Promise<string> {
  if (ownFolder === undefined) {
    const folder = mkdtempSync(join(tmpdir(), 'kopia-metrics-packages-'))
    process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
    ownFolder = folder
  }
  const kept = join(ownFolder, basename(path))
  await copyFile(join(projectFolder, path), kept)
  return kept
}

/** Builds the packages for one processor and resolves with the path of the .deb. The .rpm lies beside it. */
export async function buildPackage(
  release: number,
  architecture: Architecture = ownArchitecture,
): Promise<string> {
  const created = await runPackaging(`--release=${release}`, `--arch=${architecture}`)
  const deb = created.find((path) => path.endsWith('.deb'))
  assert.ok(deb !== undefined && created.some((path) => path.endsWith('.rpm')), created.join(' '))
  return deb
}

export async function makePackages(): Promise<Packages> {
  return { first: await buildPackage(1), next: await buildPackage(2) }
}

/** Runs a line of sh with the environment of root's Kopia. */
export function asRoot(machine: Machine, line: string): Promise<string> {
  return machine.shell(
    `export HOME=/root KOPIA_PASSWORD='${password}' KOPIA_CHECK_FOR_UPDATES=false; cd; ${line}`,
  )
}

/** Creates a repository for root, and starts a gateway. */
export async function makeRepository(machine: Machine): Promise<void> {
  machine.copyIn(tool('kopia'), '/usr/local/bin/kopia')
  machine.copyIn(tool('pushgateway'), '/usr/local/bin/pushgateway')
  await machine.shell(
    'systemd-run --unit=pushgateway pushgateway --web.listen-address=127.0.0.1:9091 --persistence.file=',
  )
  await machine.write('/data/photos/one', 'worth keeping')
  await asRoot(
    machine,
    'kopia repository create filesystem --path=/srv/repository --enable-actions --no-persist-credentials',
  )
}

/** Reads the figures of a source from the group of the agent without an instance name. */
export async function figuresOn(machine: Machine, path: string): Promise<SourceFigures> {
  const all = [...(await machine.scrape(gateway))].map(
    ([name, series]) => [name, series.filter(({ labels }) => labels.agent === undefined)] as const,
  )
  return figuresIn(new Map(all), path)
}

/** Waits until the gateway shows this number of successes, and asserts that there are no other attempts. */
export async function counted(machine: Machine, success: number): Promise<void> {
  const attempts = async () => (await figuresOn(machine, '/data/photos')).attempts
  await waitFor(`${success} backups on the gateway`, async () =>
    (await attempts()).success === success ? true : undefined,
  )
  assert.deepEqual(await attempts(), { success, failed: 0, incomplete: 0 })
}

/** Reads a property of a systemd unit. */
export async function property(machine: Machine, name: string, of = unit): Promise<string> {
  return (await machine.must('systemctl', 'show', '--value', `--property=${name}`, of)).trim()
}

/** Harms the agent so that systemd must restart it, and waits until it is ready again. */
export async function restarted(machine: Machine, harm: () => Promise<unknown>): Promise<void> {
  const before = Number(await property(machine, 'NRestarts'))
  await harm()
  await waitFor('systemd restarts it', async () =>
    Number(await property(machine, 'NRestarts')) > before ? true : undefined,
  )
  await waitFor('the agent is ready again', async () =>
    (await property(machine, 'ActiveState')) === 'active' ? true : undefined,
  )
}
