// The image is pushed for both processors under the tags of its version. Docker cannot run everywhere, so its command is compared:
// a program in its place prints what it gets.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFile, stat, writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { test } from 'node:test'
import { pushCommand } from '../../tools/release/image.ts'
import { temporaryFolder } from '../support/folder.ts'
import { projectFolder } from '../support/tools.ts'

test('one manifest list for both processors has the tags of the version, and says where it comes from', () => {
  const { parameters, buildOptions } = pushCommand('ghcr.io/Owner/Name', '1.2.3')
  assert.deepEqual(parameters, [
    'tools/image.sh',
    '--push',
    'ghcr.io/owner/name:1.2.3',
    'ghcr.io/owner/name:1.2',
    'ghcr.io/owner/name:latest',
  ])
  assert.ok(buildOptions.includes('--label=org.opencontainers.image.source=https://github.com/owner/name'))
  const elsewhere = pushCommand('registry.example.org/name', '1.2.3')
  assert.ok(!elsewhere.buildOptions.some((option) => option.includes('image.source')))
})

test('Docker is told both platforms, the commit, and a Containerfile that exists', async (context) => {
  const folder = await temporaryFolder(context)
  const told = join(folder, 'told')
  await writeFile(join(folder, 'docker'), `#!/bin/sh\nprintf '%s\\n' "$@" >"${told}"\n`, { mode: 0o755 })
  execFileSync(process.execPath, ['tools/release/image.ts', 'ghcr.io/owner/name'], {
    cwd: projectFolder,
    env: { ...process.env, BUILD_COMMIT: 'abc1234', PATH: [folder, process.env.PATH].join(delimiter) },
  })
  const { version }: { version: string } = JSON.parse(
    await readFile(join(projectFolder, 'package.json'), 'utf8'),
  )
  const parameters = (await readFile(told, 'utf8')).split('\n')
  const expected = [
    '--platform=linux/amd64,linux/arm64',
    `--tag=ghcr.io/owner/name:${version}`,
    '--tag=ghcr.io/owner/name:latest',
    '--build-arg=BUILD_COMMIT=abc1234',
    '--sbom=true',
    '--push',
  ]
  assert.deepEqual(
    expected.filter((parameter) => !parameters.includes(parameter)),
    [],
  )
  const file = parameters.find((parameter) => parameter.startsWith('--file='))?.slice('--file='.length)
  assert.ok(file !== undefined && (await stat(join(projectFolder, file))).isFile())
})
