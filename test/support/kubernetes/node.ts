// A node for the pods of deploy/kubernetes: podman in the room of the stack's test, a network with names, and folders for
// volumes. Podman 4.3 refuses these pods in `podman kube play`: it knows no native sidecar ("cannot create an init container that
// has … readinessProbe"). So each pod becomes the same containers by `podman create`.

import { chmodSync, existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { StackLab } from '../stack-lab.ts'
import { bytesOf, type PodSpec, type Surroundings, type Values, type VolumeSpec } from './pod-spec.ts'

export type Node = {
  /** Runs podman, and resolves with its output. Rejects if it fails. */
  readonly podman: (...parameters: readonly string[]) => Promise<string>
  /** Runs podman, and resolves with its exit code and output. */
  readonly tryPodman: (
    ...parameters: readonly string[]
  ) => Promise<{ readonly exitCode: number | NodeJS.Signals; readonly output: string }>
  /** Fetches a URL from the node, as the kubelet's probes do. Resolves with the HTTP status. */
  readonly statusOf: (url: string) => Promise<number>
  /** The folder of a claim. It stays from pod to pod. */
  readonly claim: (name: string) => string
  /** Makes the volumes of a new pod: empty ones anew, claims as they are. */
  readonly volumesFor: (pod: PodSpec, name: string) => Promise<Surroundings>
}

export const network = 'kopia'

/** Sets up a node in a lab, with folders for volumes below `folder`. */
export async function createNode(
  lab: StackLab,
  folder: string,
  values: { readonly configMaps: Values; readonly secrets: Values },
): Promise<Node> {
  const line = (parameters: readonly string[]) => ['podman', ...parameters].map(quote).join(' ')
  const podman = (...parameters: readonly string[]) => lab.must(line(parameters))
  const claim = (name: string) => madeFolder(join(folder, 'claims', name))
  const folderFor = async (volume: VolumeSpec, pod: string): Promise<string> => {
    if (volume.persistentVolumeClaim !== undefined) return claim(volume.persistentVolumeClaim.claimName)
    const empty = madeFolder(join(folder, 'pods', pod, volume.name))
    const { medium, sizeLimit } = volume.emptyDir ?? {}
    if (medium === 'Memory') {
      await lab.must(`mount -t tmpfs -o size=${bytesOf(sizeLimit ?? '')},mode=0777 tmpfs ${quote(empty)}`)
    }
    return empty
  }
  const volumesFor: Node['volumesFor'] = async (pod, name) => {
    const folders = new Map<string, string>()
    for (const volume of pod.volumes ?? []) {
      const place = await folderFor(volume, name)
      folders.set(volume.name, place)
      const isReadOnly = volume.persistentVolumeClaim?.readOnly === true
      if (!isReadOnly) await giveToGroup(lab, place, pod.securityContext?.fsGroup)
    }
    const folderOf = (volume: string) => folders.get(volume) ?? ''
    return { ...values, folderOf }
  }
  await podman('network', 'create', network)
  return {
    podman,
    tryPodman: (...parameters) => lab.run(line(parameters)),
    statusOf: async (url) =>
      Number(
        await lab.must(
          `curl --silent --max-time 10 --output /dev/null --write-out '%{http_code}' ${quote(url)} || true`,
        ),
      ),
    claim,
    volumesFor,
  }
}

/** A new volume is a folder of root; emptyDir and most storage classes make it 0777. */
function madeFolder(path: string): string {
  if (!existsSync(path)) {
    mkdirSync(path, { recursive: true })
    chmodSync(path, 0o777)
  }
  return path
}

/**
 * The volume and all in it gets the group, which may read and write; new files in its folders get it, too. With
 * `OnRootMismatch` only if the volume's own folder has not got it yet (kubernetes/pkg/volume/volume_linux.go).
 */
async function giveToGroup(lab: StackLab, folder: string, group: number | undefined): Promise<void> {
  if (group === undefined) return
  const path = quote(folder)
  await lab.must(
    `[ "$(stat --format=%g ${path})" = ${group} ] || { chgrp -R ${group} ${path} && chmod -R g+rwX ${path} && find ${path} -type d -exec chmod g+s {} +; }`,
  )
}

/** A word of a shell's command line. */
export function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`
}
