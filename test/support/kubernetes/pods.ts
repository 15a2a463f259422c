// The pods of deploy/kubernetes as its files describe them, for tests that need no server.

import { glob, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { projectFolder } from '../tools.ts'
import { type Manifest, manifestsOf } from './kubectl.ts'

export type Container = {
  readonly name: string
  readonly image?: string
  readonly command?: readonly string[]
  readonly args?: readonly string[]
  readonly restartPolicy?: string
  readonly env?: readonly Variable[]
  readonly volumeMounts?: readonly Mount[]
  readonly securityContext?: unknown
}

export type Variable = {
  readonly name: string
  readonly value?: string
  readonly valueFrom?: { readonly secretKeyRef?: { readonly name: string; readonly key: string } }
}

export type Mount = {
  readonly name: string
  readonly mountPath: string
  readonly subPath?: string
  readonly readOnly?: boolean
}

export type Pod = {
  readonly containers: readonly Container[]
  readonly initContainers?: readonly Container[]
  readonly volumes?: readonly { readonly name: string }[]
  readonly securityContext?: { readonly runAsUser?: number }
  readonly terminationGracePeriodSeconds?: number
}

/** A patch for kustomize has only what it changes: neither metadata nor images. */
type Template = { readonly metadata?: { readonly labels: Labels }; readonly spec: Pod }
type Labels = Readonly<Record<string, string>>

/** A Deployment, a Job or a CronJob: two of them have the template in `spec`, a CronJob has it in that of its Jobs. */
export type Workload = Manifest & {
  readonly spec: {
    readonly template?: Template
    readonly jobTemplate?: { readonly spec: { readonly template: Template } }
  }
}

/** Every object in the files of deploy/kubernetes, by the file's path, without what is only for kustomize. */
export async function committedManifests(): Promise<ReadonlyMap<string, readonly Manifest[]>> {
  const folder = join(projectFolder, 'deploy/kubernetes')
  const found = new Map<string, readonly Manifest[]>()
  for await (const path of glob('**/*.yaml', { cwd: folder })) {
    if (path.endsWith('kustomization.yaml')) continue
    found.set(path, manifestsOf(await readFile(join(folder, path), 'utf8')))
  }
  return found
}

/** The template of a workload's pods; undefined for another object. */
export function templateOf(manifest: Manifest): Template | undefined {
  if (!['Deployment', 'Job', 'CronJob'].includes(manifest.kind)) return undefined
  const { spec } = manifest as Workload
  return spec.template ?? spec.jobTemplate?.spec.template
}

/** All containers of a pod, in the order in which they start. */
export function containersOf({ initContainers = [], containers }: Pod): readonly Container[] {
  return [...initContainers, ...containers]
}

/** The container of a pod with this name. Throws where there is none. */
export function containerNamed(pod: Pod, name: string): Container {
  const container = containersOf(pod).find((one) => one.name === name)
  if (container === undefined) throw new Error(`the pod has no container ${name}`)
  return container
}

/** The pod of an overlay's file. Throws where the file has none. */
export async function podOf(path: string): Promise<Pod> {
  const template = (await committedManifests())
    .get(path)
    ?.map(templateOf)
    .find((one) => one !== undefined)
  if (template === undefined) throw new Error(`${path} has no pod`)
  return template.spec
}
