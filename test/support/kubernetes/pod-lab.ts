// Everything that tests of the pods share: both overlays as kustomize builds them, a node, the gateway and a Prometheus.

import { readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Cleanable, cleanUpAfter } from '../cleanup.ts'
import { temporaryFolder } from '../folder.ts'
import type { StackLab } from '../stack-lab.ts'
import { projectFolder, tool } from '../tools.ts'
import { waitFor } from '../wait.ts'
import { build, type Manifest, manifestsOf } from './kubectl.ts'
import { isSuccess, type Pod, startPod } from './kubelet.ts'
import { type Query, startPrometheus } from './monitoring.ts'
import { createNode, type Node, network } from './node.ts'
import { type PodSpec, valuesOf } from './pod-spec.ts'
import { templateOf } from './pods.ts'

export type PodLab = {
  readonly node: Node
  readonly server: PodSpec
  readonly cronJob: PodSpec
  readonly query: Query
  /** The gateway's pod. */
  readonly gateway: { readonly start: () => Promise<void>; readonly stop: () => Promise<void> }
  /** Starts a pod under a name that no other pod has, as a Deployment or a Job does. Removes it after the test. */
  readonly start: (pod: PodSpec, owner: string) => Promise<Pod>
}

/** The Secret that README.md has people create. */
const secrets = new Map([
  [
    'kopia',
    { 'repository-password': 'correct horse', 'server-username': 'kopia', 'server-password': 'staple' },
  ],
])

/** Sets up node, gateway, repository and Prometheus. */
export async function createPodLab(context: Cleanable, lab: StackLab): Promise<PodLab> {
  // Podman's first process in a pod, as Kubernetes has its own.
  tool('catatonit')
  const ofServer = manifestsOf(await build('deploy/kubernetes/overlays/server'))
  const ofCronJob = manifestsOf(await build('deploy/kubernetes/overlays/cronjob'))
  const folder = await temporaryFolder(context)
  const configMaps = valuesOf([...ofServer, ...ofCronJob], 'ConfigMap')
  const node = await createNode(lab, folder, { configMaps, secrets })
  cleanUpAfter(context, async () => {
    await node.tryPodman('rm', '--all', '--force', '--time=0')
    await node.tryPodman('pod', 'rm', '--all', '--force', '--time=0')
    await node.tryPodman('network', 'rm', '--force', network)
    await lab.run(`umount ${folder}/pods/*/config`)
  })
  await writeFile(join(node.claim('data'), 'letter'), 'worth keeping')
  let count = 0
  const start = async (pod: PodSpec, owner: string): Promise<Pod> => {
    count += 1
    return startPod(node, pod, `${owner}-${count}`, owner)
  }
  const gateway = gatewayOf(podNamed(ofServer, 'pushgateway'), start)
  await gateway.start()
  await createRepository(start)
  const query = await startPrometheus(context, node, await prometheusImage(), ofServer)
  return {
    ...{ node, query, gateway, start },
    server: podNamed(ofServer, 'kopia-server'),
    cronJob: podNamed(ofCronJob, 'kopia-snapshot'),
  }
}

function podNamed(manifests: readonly Manifest[], name: string): PodSpec {
  const template = manifests
    .filter(({ metadata }) => metadata.name === name)
    .map(templateOf)
    .find((one) => one !== undefined)
  if (template === undefined) throw new Error(`there is no pod of ${name}`)
  return template.spec as PodSpec
}

function gatewayOf(spec: PodSpec, start: PodLab['start']): PodLab['gateway'] {
  let pod: Pod | undefined
  return {
    start: async () => {
      const started = await start(spec, 'pushgateway')
      await started.started
      await waitUntilReady(started, 'pushgateway')
      pod = started
    },
    stop: async () => {
      await pod?.delete()
      await pod?.remove()
      pod = undefined
    },
  }
}

/** Waits until the readinessProbe of a container succeeds. */
export async function waitUntilReady(pod: Pod, container: string): Promise<void> {
  await waitFor(`${container} is ready`, async () =>
    isSuccess(await pod.probe(container, 'readinessProbe')) ? true : undefined,
  )
}

async function createRepository(start: PodLab['start']): Promise<void> {
  const file = join(projectFolder, 'deploy/kubernetes/create-repository.yaml')
  const pod = await start(
    podNamed(manifestsOf(await readFile(file, 'utf8')), 'kopia-create-repository'),
    'kopia-create-repository',
  )
  const { phase, logs } = await pod.ended
  if (phase !== 'Succeeded') throw new Error(`the repository could not be created: ${[...logs].join('\n')}`)
  await pod.remove()
}

async function prometheusImage(): Promise<string> {
  const compose = await readFile(join(projectFolder, 'deploy/compose.yaml'), 'utf8')
  return /image: (docker\.io\/prom\/prometheus:\S+)/.exec(compose)?.[1] ?? ''
}

/** Waits until Prometheus finds exactly one series. */
export async function waitForOne({ query }: PodLab, expression: string): Promise<void> {
  await waitFor(`${expression} is in Prometheus`, async () =>
    (await query(expression)).length === 1 ? true : undefined,
  )
}

/** Runs `work` while the data has a file on which Kopia works for long. It takes no space on disk. */
export async function withLongBackup<T>({ node }: PodLab, work: () => Promise<T>): Promise<T> {
  const zeros = join(node.claim('data'), 'zeros')
  await writeFile(zeros, '')
  await truncate(zeros, 2 ** 36)
  try {
    return await work()
  } finally {
    await rm(zeros)
  }
}
