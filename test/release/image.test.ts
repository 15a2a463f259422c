// The image is pushed for both processors under the tags of its version. Docker cannot run everywhere, so its command is compared.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { pushParameters } from '../../tools/release/image.ts'
import { projectFolder } from '../support/tools.ts'

test('one manifest list for both processors has the tags of the version, and says where it comes from', () => {
  const parameters = pushParameters('ghcr.io/Owner/Name', '1.2.3')
  assert.deepEqual(
    parameters.filter((parameter) => /^--(?:platform|tag|push)/.test(parameter)),
    [
      '--platform=linux/amd64,linux/arm64',
      '--tag=ghcr.io/owner/name:1.2.3',
      '--tag=ghcr.io/owner/name:1.2',
      '--tag=ghcr.io/owner/name:latest',
      '--push',
    ],
  )
  assert.ok(parameters.includes('--label=org.opencontainers.image.source=https://github.com/owner/name'))
  const elsewhere = pushParameters('registry.example.org/name', '1.2.3')
  assert.ok(!elsewhere.some((parameter) => parameter.includes('image.source')))
})

test('a dry run prints the command, with a Containerfile that exists and the version of package.json', async () => {
  const script = ['tools/release/image.ts', '--dry-run', 'ghcr.io/owner/name']
  const printed = execFileSync(process.execPath, script, { cwd: projectFolder, encoding: 'utf8' })
  const { version }: { version: string } = JSON.parse(
    await readFile(join(projectFolder, 'package.json'), 'utf8'),
  )
  assert.ok(printed.startsWith('docker buildx build '))
  assert.ok(printed.includes(` --tag=ghcr.io/owner/name:${version} `))
  const [, file = ''] = / --file=(\S+)/.exec(printed) ?? []
  assert.ok((await stat(join(projectFolder, file))).isFile())
})
