// Plays the kubelet for one pod, by the rules of KEP-753 (native sidecars, Kubernetes 1.29 and newer):
// - Init containers start in their order, each after the one before has ended with 0. A sidecar (`restartPolicy: Always`) does not
//   end: the next one starts when it runs, or when its startupProbe has succeeded if it has one.
// - Then the main containers start. Once they have all ended (`restartPolicy: Never`), or an init container has failed, the
//   sidecars get SIGTERM in reverse order, and SIGKILL after `terminationGracePeriodSeconds`.
// - When the pod is deleted, the main containers get SIGTERM first, and the sidecars what is left of the time.
// - A sidecar that ends before that is started again, in place of the kubelet's back-off at once.
// Not played: restarts of main containers, periodic probes (a test asks them), limits of CPU.

import { setTimeout as sleep } from 'node:timers/promises'
import { waitFor } from '../wait.ts'
import { type Node, network } from './node.ts'
import { type ContainerSpec, containerArguments, type PodSpec, type Surroundings } from './pod-spec.ts'

export type PodEnd = {
  readonly phase: 'Succeeded' | 'Failed'
  /** The exit code of each container that has run, by its name. 137: killed. */
  readonly exitCodes: ReadonlyMap<string, number>
  /** What the containers wrote, by their names. */
  readonly logs: ReadonlyMap<string, string>
}

export type Pod = {
  readonly name: string
  /** Resolves once no container runs any more. */
  readonly ended: Promise<PodEnd>
  /** Resolves once the main containers have been started. Rejects if the pod ends before. */
  readonly started: Promise<void>
  /** Runs a command in a container, as `kubectl exec` does. */
  readonly exec: (container: string, ...command: readonly string[]) => ReturnType<Node['tryPodman']>
  /** Kills the process of a container, as the kernel does when its memory is used up. */
  readonly kill: (container: string) => Promise<void>
  /** Asks a probe of a container once, at the pod's address. Resolves with the HTTP status. */
  readonly probe: (container: string, kind: ProbeKind) => Promise<number>
  /** As `kubectl delete pod`. */
  readonly delete: () => Promise<PodEnd>
  /** The node loses its power: all containers end at once, and nobody starts them again. */
  readonly losePower: () => Promise<void>
  /** Removes what is left of the pod, as after its deletion. Claims stay. */
  readonly remove: () => Promise<void>
}

type ProbeKind = 'startupProbe' | 'readinessProbe' | 'livenessProbe'

type Run = {
  readonly node: Node
  readonly pod: PodSpec
  readonly name: string
  readonly surroundings: Surroundings
  readonly exitCodes: Map<string, number>
  /** The sidecars that run, in the order of their start. */
  readonly sidecars: Started[]
  /** Set when the pod is to end: nothing is started any more. */
  isEnding: boolean
}

type Started = { readonly name: string; readonly ended: Promise<void> }

/** Starts a pod. `alias` is the name of the Service that selects it. */
export async function startPod(node: Node, pod: PodSpec, name: string, alias = name): Promise<Pod> {
  const shared = pod.shareProcessNamespace === true ? 'net,ipc,uts,pid' : 'net,ipc,uts'
  await node.podman(
    ...['pod', 'create', `--name=${name}`, `--hostname=${name}`, `--share=${shared}`],
    ...[`--network=${network}:alias=${alias}`],
  )
  const surroundings = await node.volumesFor(pod, name)
  const run: Run = { node, pod, name, surroundings, exitCodes: new Map(), sidecars: [], isEnding: false }
  const mains = startAll(run)
  const ended = mains.then(
    (found) => endOf(run, found),
    (fault: unknown) => (fault instanceof InitFailure ? endOf(run, []) : Promise.reject(fault)),
  )
  const started = mains.then(() => undefined)
  // A test waits for one of both only.
  for (const one of [started, ended]) one.catch(() => undefined)
  return {
    name,
    started,
    ended,
    exec: (container, ...command) => node.tryPodman('exec', nameOf(run, container), ...command),
    kill: async (container) => void (await node.podman('kill', '--signal=KILL', nameOf(run, container))),
    probe: (container, kind) => probe(run, containerNamed(pod, container), kind),
    delete: async () => {
      run.isEnding = true
      const begunAt = Date.now()
      const grace = graceSeconds(pod)
      await Promise.all(pod.containers.map((one) => stop(run, one.name, grace)))
      await stopSidecars(run, Math.max(2, grace - (Date.now() - begunAt) / 1000))
      return ended
    },
    losePower: async () => {
      run.isEnding = true
      await node.podman('pod', 'kill', '--signal=KILL', name)
      await ended
    },
    remove: async () => void (await node.podman('pod', 'rm', '--force', '--time=0', name)),
  }
}

class InitFailure extends Error {}

/** Resolves with the main containers, which have just been started. */
async function startAll(run: Run): Promise<readonly Started[]> {
  const { pod } = run
  for (const container of pod.initContainers ?? []) {
    if (run.isEnding) throw new InitFailure('the pod is to end')
    const started = await startContainer(run, container)
    if (container.restartPolicy === 'Always') {
      run.sidecars.push({ name: started.name, ended: keepRunning(run, started) })
      await becomeStarted(run, container)
      continue
    }
    await started.ended
    const code = run.exitCodes.get(container.name)
    if (code !== 0) throw new InitFailure(`${container.name} ended with ${code}`)
  }
  return Promise.all(pod.containers.map((container) => startContainer(run, container)))
}

async function startContainer(run: Run, container: ContainerSpec): Promise<Started> {
  const { node, name, pod, surroundings } = run
  await node.podman(
    ...['create', `--pod=${name}`, `--name=${nameOf(run, container.name)}`],
    ...containerArguments(pod, container, surroundings),
  )
  return begin(run, container.name)
}

async function begin(run: Run, container: string): Promise<Started> {
  await run.node.podman('start', nameOf(run, container))
  return { name: container, ended: waitForEnd(run, container) }
}

async function waitForEnd(run: Run, container: string): Promise<void> {
  run.exitCodes.set(container, Number(await run.node.podman('wait', nameOf(run, container))))
}

/** Resolves when the sidecar has ended for good. */
async function keepRunning(run: Run, { name, ended }: Started): Promise<void> {
  await ended
  while (!run.isEnding) await (await begin(run, name)).ended
}

async function becomeStarted(run: Run, container: ContainerSpec): Promise<void> {
  if (container.startupProbe === undefined) return
  await waitFor(`${container.name} has started`, async () =>
    isSuccess(await probe(run, container, 'startupProbe')) ? true : undefined,
  )
}

async function endOf(run: Run, mains: readonly Started[]): Promise<PodEnd> {
  const { node, pod, exitCodes } = run
  await Promise.all(mains.map(({ ended }) => ended))
  run.isEnding = true
  await stopSidecars(run, graceSeconds(pod))
  const logs = new Map<string, string>()
  for (const name of exitCodes.keys()) logs.set(name, await node.podman('logs', nameOf(run, name)))
  // What sidecars end with does not count.
  const hasSucceeded = pod.containers.every(({ name }) => exitCodes.get(name) === 0)
  return { phase: hasSucceeded ? 'Succeeded' : 'Failed', exitCodes, logs }
}

/** Each gets SIGTERM when those that started after it have ended. They share the time. */
async function stopSidecars(run: Run, seconds: number): Promise<void> {
  const endsAt = Date.now() + seconds * 1000
  for (const sidecar of run.sidecars.toReversed()) {
    // A sidecar that is being started again at this moment runs once more: it is stopped as well.
    const ended = sidecar.ended.then(() => true)
    do await stop(run, sidecar.name, (endsAt - Date.now()) / 1000)
    while (!(await Promise.race([ended, sleep(100, false)])))
  }
}

/** SIGTERM, and SIGKILL after the time. */
async function stop(run: Run, container: string, seconds: number): Promise<void> {
  await run.node.podman('stop', `--time=${Math.max(1, Math.round(seconds))}`, nameOf(run, container))
}

async function probe({ node, name }: Run, container: ContainerSpec, kind: ProbeKind): Promise<number> {
  const { path, port } = container[kind]?.httpGet ?? {}
  const number = container.ports?.find((one) => one.name === port)?.containerPort ?? port
  const infra = await node.podman('pod', 'inspect', '--format={{.InfraContainerID}}', name)
  const format = `{{(index .NetworkSettings.Networks "${network}").IPAddress}}`
  const address = await node.podman('inspect', `--format=${format}`, infra.trim())
  return node.statusOf(`http://${address.trim()}:${number}${path}`)
}

/** The kubelet takes every status from 200 to 399 for a success. */
export const isSuccess = (status: number): boolean => status >= 200 && status < 400

const nameOf = ({ name }: Pick<Run, 'name'>, container: string) => `${name}-${container}`

/** Kubernetes' own default is 30. */
const graceSeconds = (pod: PodSpec) => pod.terminationGracePeriodSeconds ?? 30

function containerNamed(pod: PodSpec, name: string): ContainerSpec {
  const found = [...(pod.initContainers ?? []), ...pod.containers].find((one) => one.name === name)
  if (found === undefined) throw new Error(`the pod has no container ${name}`)
  return found
}
