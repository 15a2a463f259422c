// What a pod's spec says, as far as deploy/kubernetes uses it, and its translation into arguments of podman.

import type { Manifest } from './kubectl.ts'

export type PodSpec = {
  readonly hostname?: string
  readonly restartPolicy?: string
  readonly shareProcessNamespace?: boolean
  readonly terminationGracePeriodSeconds?: number
  readonly securityContext?: {
    readonly runAsUser?: number
    readonly runAsGroup?: number
    readonly fsGroup?: number
  }
  readonly initContainers?: readonly ContainerSpec[]
  readonly containers: readonly ContainerSpec[]
  readonly volumes?: readonly VolumeSpec[]
}

export type ContainerSpec = {
  readonly name: string
  readonly image: string
  readonly command?: readonly string[]
  readonly args?: readonly string[]
  readonly restartPolicy?: string
  readonly env?: readonly VariableSpec[]
  readonly envFrom?: readonly { readonly configMapRef: { readonly name: string } }[]
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[]
  readonly startupProbe?: ProbeSpec
  readonly readinessProbe?: ProbeSpec
  readonly livenessProbe?: ProbeSpec
  readonly resources?: { readonly limits?: { readonly memory?: string } }
  readonly securityContext?: {
    readonly readOnlyRootFilesystem?: boolean
    readonly allowPrivilegeEscalation?: boolean
    readonly capabilities?: { readonly drop?: readonly string[] }
  }
  readonly volumeMounts?: readonly MountSpec[]
}

export type ProbeSpec = { readonly httpGet: { readonly path: string; readonly port: string | number } }

export type VariableSpec = {
  readonly name: string
  readonly value?: string
  readonly valueFrom?: { readonly secretKeyRef: { readonly name: string; readonly key: string } }
}

export type MountSpec = {
  readonly name: string
  readonly mountPath: string
  readonly subPath?: string
  readonly readOnly?: boolean
}

export type VolumeSpec = {
  readonly name: string
  readonly emptyDir?: { readonly medium?: string; readonly sizeLimit?: string }
  readonly persistentVolumeClaim?: { readonly claimName: string; readonly readOnly?: boolean }
}

/** ConfigMaps and Secrets, the values by name and key. */
export type Values = ReadonlyMap<string, Readonly<Record<string, string>>>

/** The values of all objects of a kind. */
export function valuesOf(manifests: readonly Manifest[], kind: 'ConfigMap'): Values {
  const objects = manifests as readonly (Manifest & { readonly data?: Readonly<Record<string, string>> })[]
  return new Map(
    objects
      .filter((one) => one.kind === kind)
      .map(({ metadata, data = {} }) => [metadata.name, data] as const),
  )
}

export type Surroundings = {
  readonly configMaps: Values
  readonly secrets: Values
  /** The folder of the machine that is a volume of the pod. */
  readonly folderOf: (volume: string) => string
}

/** The arguments of `podman create` for one container of a pod, after the pod and the container's name. */
export function containerArguments(
  pod: PodSpec,
  container: ContainerSpec,
  surroundings: Surroundings,
): readonly string[] {
  const { securityContext = {}, resources, command = [], args = [] } = container
  const { runAsUser = 0, runAsGroup = 0, fsGroup } = pod.securityContext ?? {}
  const [entrypoint, ...rest] = command
  const memory = resources?.limits?.memory
  return [
    '--pull=never',
    `--user=${runAsUser}:${runAsGroup}`,
    ...(fsGroup === undefined ? [] : [`--group-add=${fsGroup}`]),
    // Podman alone would mount writable folders of its own at /tmp and /run.
    ...(securityContext.readOnlyRootFilesystem ? ['--read-only', '--read-only-tmpfs=false'] : []),
    ...(securityContext.allowPrivilegeEscalation === false ? ['--security-opt=no-new-privileges'] : []),
    ...(securityContext.capabilities?.drop ?? []).map((name) => `--cap-drop=${name}`),
    ...(memory === undefined ? [] : [`--memory=${bytesOf(memory)}`]),
    ...environmentOf(container, surroundings).map(([name, value]) => `--env=${name}=${value}`),
    ...(container.volumeMounts ?? []).map((mount) => volumeArgument(pod, mount, surroundings)),
    ...(entrypoint === undefined ? [] : [`--entrypoint=${JSON.stringify([entrypoint])}`]),
    container.image,
    ...rest,
    ...args,
  ]
}

/** As the kubelet does: first whole ConfigMaps, then single variables. A name that does not exist is an error. */
function environmentOf(
  { env = [], envFrom = [] }: ContainerSpec,
  { configMaps, secrets }: Surroundings,
): readonly (readonly [string, string])[] {
  return [
    ...envFrom.flatMap(({ configMapRef }) => Object.entries(valuesIn(configMaps, configMapRef.name))),
    ...env.map(({ name, value = '', valueFrom }): [string, string] => {
      if (valueFrom === undefined) return [name, value]
      const { key, name: secret } = valueFrom.secretKeyRef
      const found = valuesIn(secrets, secret)[key]
      if (found === undefined) throw new Error(`the Secret ${secret} has no key ${key}`)
      return [name, found]
    }),
  ]
}

function valuesIn(values: Values, name: string): Readonly<Record<string, string>> {
  const found = values.get(name)
  if (found === undefined) throw new Error(`there is no ConfigMap or Secret ${name}`)
  return found
}

function volumeArgument(pod: PodSpec, mount: MountSpec, { folderOf }: Surroundings): string {
  const volume = pod.volumes?.find(({ name }) => name === mount.name)
  if (volume === undefined) throw new Error(`the pod has no volume ${mount.name}`)
  const folder = [folderOf(volume.name), ...(mount.subPath === undefined ? [] : [mount.subPath])].join('/')
  const isReadOnly = mount.readOnly === true || volume.persistentVolumeClaim?.readOnly === true
  return `--volume=${folder}:${mount.mountPath}${isReadOnly ? ':ro' : ''}`
}

const unitBytes: Readonly<Record<string, number>> = { Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30 }

/** Converts a quantity such as `512Mi` to bytes. */
export function bytesOf(quantity: string): number {
  const [, number, unit = ''] = /^(\d+)(Ki|Mi|Gi)$/.exec(quantity) ?? []
  const factor = unitBytes[unit]
  if (factor === undefined) throw new Error(`expected a quantity such as 512Mi, found ${quantity}`)
  return Number(number) * factor
}

/** The same pod with variables of one of its containers added or replaced. */
export function withEnvironment(
  pod: PodSpec,
  name: string,
  environment: Readonly<Record<string, string>>,
): PodSpec {
  const added = Object.entries(environment).map(([key, value]) => ({ name: key, value }))
  return changed(pod, name, ({ env = [], ...container }) => ({
    ...container,
    env: [...env.filter((one) => environment[one.name] === undefined), ...added],
  }))
}

/** The same pod with other arguments of one of its containers. */
export function withArguments(pod: PodSpec, name: string, ...args: readonly string[]): PodSpec {
  return changed(pod, name, (container) => ({ ...container, args }))
}

function changed(pod: PodSpec, name: string, change: (container: ContainerSpec) => ContainerSpec): PodSpec {
  const each = (container: ContainerSpec) => (container.name === name ? change(container) : container)
  return {
    ...pod,
    initContainers: (pod.initContainers ?? []).map(each),
    containers: pod.containers.map(each),
  }
}
