// What the tools take from package.json, checked.

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { asRecord, asString, parseJson } from '../agent/util/json.ts'

const projectFolder = join(import.meta.dirname, '..')

export type Manifest = {
  readonly name: string
  readonly version: string
  /** Of the Node that runs the tests, and that the packages contain. */
  readonly nodeVersion: string
  /** Undefined where no repository is named. */
  readonly repositoryUrl: string | undefined
}

/** That of this project. Rejects with an Error that names what is missing. */
export async function readManifest(): Promise<Manifest> {
  const { name, version, devDependencies, repository } = await recordIn(join(projectFolder, 'package.json'))
  const { node } = asRecord(devDependencies, 'devDependencies of package.json')
  const { url } = asRecord(repository ?? {}, 'repository of package.json')
  return {
    name: asString(name, 'name of package.json'),
    version: asString(version, 'version of package.json'),
    nodeVersion: asString(node, 'version of node in package.json'),
    repositoryUrl: url === undefined ? undefined : asString(url, 'url of the repository in package.json'),
  }
}

/** The version in any package.json or package-lock.json. */
export async function versionIn(path: string): Promise<string> {
  return asString((await recordIn(path)).version, `version of ${path}`)
}

async function recordIn(path: string): Promise<Record<string, unknown>> {
  return asRecord(parseJson(await readFile(path, 'utf8')), path)
}
