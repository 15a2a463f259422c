// The bill of materials lists what a user gets, and nothing else.

import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { allowedLicences, bundle } from '../../tools/bundle.ts'
import { makeSbom } from '../../tools/release/sbom.ts'
import { temporaryFolder } from '../support/folder.ts'
import { projectFolder } from '../support/tools.ts'

type Locked = { readonly version: string; readonly dev?: boolean }

const readJson = async (path: string) => JSON.parse(await readFile(join(projectFolder, path), 'utf8'))
const manifest: { name: string; version: string; devDependencies: { node: string } } =
  await readJson('package.json')
const lock: { packages: Readonly<Record<string, Locked>> } = await readJson('package-lock.json')
const bill = await makeSbom()
const libraries = bill.components.filter(({ type }) => type === 'library')
const nameOf = ({ name, version }: { name: string; version: string }) => `${name}@${version}`

test('the libraries are exactly those of the lock file that are not for developers', () => {
  const expected = Object.entries(lock.packages)
    .filter(([path, { dev = false }]) => path !== '' && !dev)
    .map(([path, { version }]) => `${path.replace(/^.*node_modules\//, '')}@${version}`)
  assert.ok(expected.length > 50)
  assert.deepEqual(libraries.map(nameOf).sort(), [...new Set(expected)].sort())
})

test('every library that is bundled is among them', async (context) => {
  const folders = await bundle('agent/main.ts', await temporaryFolder(context))
  const bundled = await Promise.all(
    folders.map(async (folder) => nameOf(await readJson(join(folder, 'package.json')))),
  )
  const listed = libraries.map(nameOf)
  assert.ok(bundled.length > 30)
  assert.deepEqual(
    bundled.filter((name) => !listed.includes(name)),
    [],
  )
})

test('each has a licence that is allowed', () => {
  const others = libraries.filter(({ licenses = [] }) => {
    const [first] = licenses
    return licenses.length !== 1 || !allowedLicences.includes(first?.license.id ?? '')
  })
  assert.deepEqual(others, [])
})

test('it is a bill of this version, which runs on the Node that the packages contain', () => {
  const { component } = bill.metadata
  assert.deepEqual(
    [component.type, component.name, component.version],
    ['application', manifest.name, manifest.version],
  )
  const others = bill.components.filter(({ type }) => type !== 'library')
  assert.deepEqual(others.map(nameOf), [`node@${manifest.devDependencies.node}`])
})
