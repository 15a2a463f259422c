// Runs kubectl against the API server of a test, and kustomize.

import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join, resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import { promisify } from 'node:util'
import { parseAllDocuments } from 'yaml'
import { projectFolder, tool } from '../tools.ts'
import type { Cluster } from './cluster.ts'

export type Answer = {
  readonly code: number
  readonly output: string
  /** Standard error: kubectl prints errors and the server's warnings there. */
  readonly errors: string
}

/** A Kubernetes object, with the fields that tests of any kind need. */
export type Manifest = {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> }
}

/** Runs kubectl to its end, with `input` on standard input. */
export async function kubectl(
  cluster: Cluster,
  parameters: readonly string[],
  input: string | readonly Manifest[] = '',
): Promise<Answer> {
  const child = spawn(
    tool('kubectl'),
    [`--kubeconfig=${cluster.kubeconfig}`, `--cache-dir=${join(cluster.folder, 'kubectl')}`, ...parameters],
    { cwd: projectFolder, stdio: ['pipe', 'pipe', 'pipe'] },
  )
  const ended = once(child, 'close')
  // Where kubectl ends before it has read all, its exit code tells why.
  child.stdin.on('error', () => undefined)
  child.stdin.end(typeof input === 'string' ? input : JSON.stringify(listOf(input)))
  const [output, errors, [code]] = await Promise.all([text(child.stdout), text(child.stderr), ended])
  return { code, output, errors }
}

const listOf = (items: readonly Manifest[]) => ({ apiVersion: 'v1', kind: 'List', items })

/** Builds a kustomization with the real kustomize; its folder is absolute, or relative to the project. */
export async function build(folder: string): Promise<string> {
  const { stdout } = await promisify(execFile)(tool('kustomize'), ['build', resolve(projectFolder, folder)], {
    maxBuffer: 2 ** 25,
  })
  return stdout
}

/** The objects of a text with YAML documents. Throws where one is no valid YAML. */
export function manifestsOf(yaml: string): readonly Manifest[] {
  return parseAllDocuments(yaml).map((document) => {
    const [fault] = document.errors
    if (fault !== undefined) throw fault
    return document.toJS()
  })
}
