// The agent as it is shipped: a bundle, built once per run of the benches.

import { mkdtempSync, rmSync } from 'node:fs'
import { copyFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildInto } from '../../tools/build.ts'
import { type Cleanable, cleanUpAfter } from '../support/cleanup.ts'
import { type AgentFolders, type Service, startAgent } from '../support/stack.ts'
import { projectFolder } from '../support/tools.ts'

let built: Promise<string> | undefined

/** The command line of the built agent: Node and the bundle's entry. */
export async function builtAgent(): Promise<readonly [node: string, entry: string]> {
  built ??= build()
  return [process.execPath, await built]
}

async function build(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'kopia-metrics-built-'))
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
  await buildInto(join(folder, 'dist'))
  // The agent reads its version from the package.json above its folder.
  await copyFile(join(projectFolder, 'package.json'), join(folder, 'package.json'))
  return join(folder, 'dist/main.js')
}

/** Starts the built agent's `run` and waits until it is ready; the bench stops it at its end. */
export async function startBuiltAgent(
  context: Cleanable,
  folders: AgentFolders,
  settings: NodeJS.ProcessEnv,
): Promise<Service & { readonly processId: number }> {
  const agent = await startAgent(folders, settings, await builtAgent())
  cleanUpAfter(context, () => agent.stop())
  return { ...agent, processId: processIdOf(agent) }
}

/** The id of a started process. */
export function processIdOf({ name, child }: Pick<Service, 'name' | 'child'>): number {
  if (child.pid === undefined) throw new Error(`${name} did not start`)
  return child.pid
}
