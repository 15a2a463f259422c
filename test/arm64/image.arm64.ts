// The images for both processors, built by tools/image.sh from stand-ins for the images that cannot be pulled: each has its own
// Node and Kopia, and that for arm64 runs under emulation.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdir, open, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { execa } from 'execa'
import { arm64Root, enterRoot } from '../support/arm64/room.ts'
import { cleanUpAfter } from '../support/cleanup.ts'
import { temporaryFolder } from '../support/folder.ts'
import { freePort, start } from '../support/processes.ts'
import { projectFolder, tool } from '../support/tools.ts'
import { waitFor } from '../support/wait.ts'

/** What ELF calls the processors (e_machine, at byte 18 of the header). */
const machines = { amd64: 0x3e, arm64: 0xb7 } as const

/** The exit code of tools/arm64-images.sh where no containers can be run. */
const cannotRun = 3

async function machineOf(program: string): Promise<number> {
  const file = await open(program)
  const { buffer } = await file.read(Buffer.alloc(20), 0, 20, 0)
  await file.close()
  assert.equal(buffer.toString('latin1', 0, 4), '\x7fELF', program)
  return buffer.readUInt16LE(18)
}

type Archived = { readonly Config: string; readonly Layers: readonly string[] }

type Config = {
  readonly architecture: string
  readonly config: {
    readonly User: string
    readonly Entrypoint: readonly string[]
    readonly Healthcheck?: { readonly Test: readonly string[] }
  }
}

/** Unpacks an image and its layers, and resolves with its configuration. */
async function unpack(archive: string, folder: string): Promise<Config> {
  const [image, root] = [join(folder, 'image'), join(folder, 'root')]
  for (const path of [image, root]) await mkdir(path, { recursive: true })
  execFileSync('tar', ['-C', image, '-xf', archive])
  const [found]: readonly Archived[] = JSON.parse(await readFile(join(image, 'manifest.json'), 'utf8'))
  assert.ok(found)
  for (const layer of found.Layers) {
    execFileSync('tar', [
      '-C',
      root,
      '-xf',
      join(image, layer),
      '--exclude=dev/*',
      '--keep-directory-symlink',
    ])
  }
  return JSON.parse(await readFile(join(image, found.Config), 'utf8'))
}

type Platform = { readonly platform: { readonly os: string; readonly architecture: string } }

/** The registry that the images come from and go to, on a free port. Resolves with `HOST:PORT`. */
async function startRegistry(context: TestContext, folder: string): Promise<string> {
  const address = `127.0.0.1:${await freePort()}`
  const configuration = join(folder, 'registry.json')
  const storage = { filesystem: { rootdirectory: join(folder, 'registry') } }
  await writeFile(configuration, JSON.stringify({ version: 0.1, storage, http: { addr: address } }))
  const registry = start('registry', tool('docker-registry'), ['serve', configuration])
  cleanUpAfter(context, () => registry.stop())
  await waitFor('the registry answers', async () =>
    (await fetch(`http://${address}/v2/`).catch(() => undefined))?.ok ? true : undefined,
  )
  return address
}

/** The platforms of the list that the registry has under this name. */
async function platformsOf(registry: string, name: string, tag: string): Promise<readonly string[]> {
  const response = await fetch(`http://${registry}/v2/${name}/manifests/${tag}`, {
    headers: { accept: 'application/vnd.docker.distribution.manifest.list.v2+json' },
  })
  const { manifests }: { manifests: readonly Platform[] } = JSON.parse(await response.text())
  return manifests.map(({ platform: { os, architecture } }) => `${os}/${architecture}`).sort()
}

/** In a mount namespace of its own, because podman leaves mounts in the folder. */
async function run(line: string, parameters: readonly string[], environment: Record<string, string> = {}) {
  const command = ['--mount', '--propagation=slave', 'sh', '-euc', line, 'sh', ...parameters]
  const result = await execa('unshare', command, { cwd: projectFolder, env: environment, reject: false })
  return { status: result.exitCode, stdout: result.stdout, stderr: result.stderr }
}

test('one command builds the image for amd64 and arm64 without emulation, or pushes one for both', async (context) => {
  const found = arm64Root()
  if (found.root === undefined) {
    context.skip(found.reason)
    return
  }
  const folder = await temporaryFolder(context)
  const registry = await startRegistry(context, folder)
  const images = await run('sh tools/arm64-images.sh "$@"', [folder, found.root, registry])
  if (images.status === cannotRun) {
    context.skip(images.stderr.trim().split('\n').at(-1))
    return
  }
  assert.equal(images.status, 0, images.stderr)
  const arguments_ = images.stdout.trim().split('\n')
  const options = ['--network=host', ...arguments_.map((argument) => `--build-arg=${argument}`)]
  const imageCommand = async (...parameters: readonly string[]) => {
    const line = 'PATH="$1/bin:$PATH"; shift; sh tools/image.sh "$@"'
    const { status, stderr } = await run(line, [folder, ...parameters], { BUILD_OPTIONS: options.join(' ') })
    assert.equal(status, 0, stderr)
  }
  await imageCommand()
  const { version }: { version: string } = JSON.parse(
    await readFile(join(projectFolder, 'package.json'), 'utf8'),
  )
  for (const processor of ['amd64', 'arm64'] as const) {
    const archive = join(projectFolder, `build/kopia-metrics-agent_${version}_${processor}.image.tar`)
    cleanUpAfter(context, () => rm(archive, { force: true }))
    const unpacked = join(folder, processor)
    const { architecture, config } = await unpack(archive, unpacked)
    assert.equal(architecture, processor)
    assert.deepEqual([config.User, config.Entrypoint], ['1000:1000', ['kopia-metrics-agent']])
    assert.equal(config.Healthcheck?.Test[1], 'node')
    for (const program of ['node', 'kopia']) {
      const path = join(unpacked, 'root/usr/local/bin', program)
      assert.equal(await machineOf(path), machines[processor], `${processor}: ${program}`)
    }
  }
  const room = await enterRoot(context, join(folder, 'arm64/root'))
  assert.equal((await room.must('node', '-p', 'process.arch')).trim(), 'arm64')
  const words = await room.must('kopia-metrics-agent', '--version')
  assert.match(words, /^kopia-metrics-agent \d+\.\d+\.\d+ \(build [0-9a-f]{7}.*, linux arm64\)\n$/)
  assert.match(await room.must('kopia', '--version'), /build/)
  await imageCommand('--push', `${registry}/kopia-metrics-agent:${version}`)
  assert.deepEqual(await platformsOf(registry, 'kopia-metrics-agent', version), [
    'linux/amd64',
    'linux/arm64',
  ])
})
