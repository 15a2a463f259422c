// The agent as it is shipped: the bundle, built once per run of the benches.

import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { copyFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildInto } from '../../tools/build.ts'
import { projectFolder } from '../support/tools.ts'

let built: Promise<string> | undefined

/** The command line of the built agent: Node, and its entry. */
export async function builtAgent(): Promise<readonly [node: string, entry: string]> {
  built ??= build()
  return [process.execPath, await built]
}

async function build(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'kopia-metrics-built-'))
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
  mkdirSync(join(folder, 'dist'))
  process.chdir(projectFolder)
  await buildInto(join(folder, 'dist'))
  // It reads its version beside its folder, and finds its hooks there.
  await copyFile('package.json', join(folder, 'package.json'))
  return join(folder, 'dist/main.js')
}
