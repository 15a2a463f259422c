// The images for both processors, built by tools/image.sh from stand-ins for the images that cannot be pulled: each has its own
// Node and Kopia, and that for arm64 runs under emulation.

import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdir, open, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { arm64Root, enterRoot } from '../support/arm64/room.ts'
import { cleanUpAfter } from '../support/cleanup.ts'
import { temporaryFolder } from '../support/folder.ts'
import { projectFolder } from '../support/tools.ts'

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

test('one command builds the image for amd64 and arm64 without emulation', async (context) => {
  const found = arm64Root()
  if (found.root === undefined) {
    context.skip(found.reason)
    return
  }
  const folder = await temporaryFolder(context)
  // In a mount namespace of its own, because podman leaves mounts in the folder.
  const build = spawnSync(
    'unshare',
    [
      ...['--mount', '--propagation=slave', 'sh', '-euc'],
      'sh tools/arm64-images.sh "$1" "$2"; PATH="$1/bin:$PATH" sh tools/image.sh',
      ...['sh', folder, found.root],
    ],
    {
      cwd: projectFolder,
      encoding: 'utf8',
      maxBuffer: 64 * 1024 * 1024,
      env: { ...process.env, BUILD_OPTIONS: '--network=host --pull=never' },
    },
  )
  if (build.status === cannotRun) {
    context.skip(build.stderr.trim().split('\n').at(-1))
    return
  }
  assert.equal(build.status, 0, build.stderr)
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
  assert.match(await room.must('kopia-metrics-agent', '--version'), /^\d+\.\d+\.\d+/)
  assert.match(await room.must('kopia', '--version'), /build/)
})
