// The files of deploy/kubernetes agree with each other and with the rest of the project. manifests.kubernetes.ts has a real API
// server judge them.

import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { before, test } from 'node:test'
import { parse } from 'yaml'
import { parseDurationMs } from '../../agent/settings/formats.ts'
import { declarations } from '../../agent/settings/schema.ts'
import { generatedManifests } from '../../tools/kubernetes.ts'
import type { Manifest } from '../support/kubernetes/kubectl.ts'
import {
  type Container,
  committedManifests,
  containerNamed,
  containersOf,
  podOf,
  templateOf,
} from '../support/kubernetes/pods.ts'
import { projectFolder } from '../support/tools.ts'

const server = 'overlays/server/kopia-server.yaml'
const cronJob = 'overlays/cronjob/kopia-snapshot.yaml'

let manifests: ReadonlyMap<string, readonly Manifest[]>
let containers: readonly Container[]

before(async () => {
  manifests = await committedManifests()
  const templates = [...manifests.values()].flat().map(templateOf)
  containers = templates.flatMap((template) => (template === undefined ? [] : containersOf(template.spec)))
})

for (const [path, expected] of await generatedManifests()) {
  test(`${path} is what "npm run kubernetes" writes`, async () => {
    assert.equal(await readFile(join(projectFolder, path), 'utf8'), expected)
  })
}

test('the images have the versions of the stack for Docker Compose', async () => {
  const compose = await imagesOf('deploy/compose.yaml', 'deploy/sidecar.yaml')
  const expected = new Set([...compose].map((image) => image.replace(/^localhost\//, '')))
  const images = new Set(containers.map(({ image }) => image).filter((image) => image !== undefined))
  assert.deepEqual(
    [...images].filter((image) => !expected.has(image)),
    [],
  )
  assert.equal(images.size, 3)
})

async function imagesOf(...paths: readonly string[]): Promise<ReadonlySet<string>> {
  const texts = await Promise.all(paths.map((path) => readFile(join(projectFolder, path), 'utf8')))
  return new Set(
    texts.flatMap((text) => [...text.matchAll(/^ *image: (\S+)$/gm)].map(([, image = '']) => image)),
  )
}

test('no file contains a secret: each comes from a Secret that people create themselves', () => {
  assert.deepEqual(
    [...manifests.values()].flat().filter(({ kind }) => kind === 'Secret'),
    [],
  )
  const secret = /PASSWORD|ACCESS_KEY|SECRET|TOKEN/
  const variables = containers.flatMap(({ env = [] }) => env).filter(({ name }) => secret.test(name))
  assert.ok(variables.length > 0)
  assert.deepEqual(
    variables.filter(({ valueFrom }) => valueFrom?.secretKeyRef === undefined),
    [],
  )
  // Arguments can be read by every process of the node.
  const commands = containers.flatMap(({ command = [], args = [] }) => [...command, ...args])
  assert.deepEqual(
    commands.filter((word) => /password|secret|key/i.test(word)),
    [],
  )
})

test('every variable of the agent is one of its settings, and its value is accepted', () => {
  const known = new Map(
    Object.values(declarations).map((declaration) => [declaration.environment, declaration]),
  )
  const given = containers.flatMap(({ env = [] }) => env).filter(({ name }) => /^KOPIA_METRICS_/.test(name))
  assert.ok(given.length > 10)
  for (const { name, value } of given) {
    const declaration = known.get(name)
    assert.ok(declaration !== undefined, name)
    if (value !== undefined) declaration.check(value)
  }
})

for (const path of [server, cronJob]) {
  test(`${path}: the agent is a native sidecar that starts before Kopia is connected`, async () => {
    const { initContainers = [] } = await podOf(path)
    assert.deepEqual(
      initContainers.map(({ name, restartPolicy }) => [name, restartPolicy]),
      [
        ['folders', undefined],
        ['kopia-metrics-agent', 'Always'],
        ['connect', undefined],
      ],
    )
  })

  test(`${path}: the agent finds Kopia's folders and its spool where Kopia has them`, async () => {
    const pod = await podOf(path)
    const folders = (name: string) =>
      new Map(
        (containerNamed(pod, name).volumeMounts ?? []).map((mount) => [mount.mountPath, mount] as const),
      )
    const [kopia, agent] = [folders('kopia'), folders('kopia-metrics-agent')]
    for (const folder of ['/app/config', '/app/logs', '/app/cache', '/repository']) {
      assert.deepEqual(agent.get(folder), kopia.get(folder), folder)
    }
    const state = agent.get('/var/lib/kopia-metrics-agent')
    const spool = kopia.get('/var/lib/kopia-metrics-agent/spool')
    assert.equal(spool?.name, state?.name)
    assert.equal(spool?.subPath, `${state?.subPath}/spool`)
    assert.equal(kopia.get('/data')?.readOnly, true)
  })

  test(`${path}: every container has the same rights`, async () => {
    const rights = containersOf(await podOf(path)).map(({ securityContext }) => securityContext)
    assert.deepEqual(new Set(rights.map((one) => JSON.stringify(one))).size, 1)
  })
}

test('the agents of both overlays differ in their environment only', async () => {
  const [ofServer, ofCronJob] = await Promise.all([server, cronJob].map(agentOf))
  assert.ok(ofServer !== undefined && ofCronJob !== undefined)
  assert.deepEqual({ ...ofServer, env: [] }, { ...ofCronJob, env: [] })
  const names = (ofServer.env ?? []).map(({ name }) => name)
  const added = (ofCronJob.env ?? []).filter(({ name }) => !names.includes(name))
  assert.deepEqual(
    added.map(({ name }) => name),
    ['KOPIA_METRICS_LIFETIME', 'KOPIA_METRICS_STOP_TIMEOUT', 'KOPIA_METRICS_EXPECTED_INTERVAL'],
  )
})

const agentOf = async (path: string) => containerNamed(await podOf(path), 'kopia-metrics-agent')

test('the agent of a CronJob has more time than it takes for its last push', async () => {
  const { terminationGracePeriodSeconds = 30 } = await podOf(cronJob)
  const limit = (await agentOf(cronJob)).env?.find(({ name }) => name === 'KOPIA_METRICS_STOP_TIMEOUT')
  assert.ok(parseDurationMs(limit?.value ?? '') + 10_000 <= terminationGracePeriodSeconds * 1000)
})

test('instances are fixed, and every agent has its own', async () => {
  const agents = await Promise.all([server, cronJob].map(agentOf))
  const instances = agents.map(({ env }) => env?.find(({ name }) => name === 'KOPIA_METRICS_INSTANCE')?.value)
  assert.deepEqual(instances, ['kopia-server', 'kopia-snapshot'])
})

test('services, monitors and network policies select pods and ports that exist', async () => {
  const all = [...manifests.values()].flat()
  const pods = all.map((one) => templateOf(one)?.metadata?.labels).filter((labels) => labels !== undefined)
  const text = JSON.stringify(all.filter(({ kind }) => kind === 'NetworkPolicy'))
  const selected = [...text.matchAll(/"podSelector":\{"matchLabels":(\{[^}]*\})/g)].map(
    ([, labels = '']) => labels,
  )
  assert.ok(selected.length >= 5)
  const missing = selected.filter((labels) => !pods.some((pod) => matches(JSON.parse(labels), pod)))
  // Prometheus's own pods are not here.
  assert.deepEqual(missing, ['{"app.kubernetes.io/name":"prometheus"}'])

  const [service, monitor] = [spec(all, 'Service'), spec(all, 'ServiceMonitor')]
  assert.ok(pods.some((pod) => matches(service.selector, pod)))
  const labels = all.find(({ kind }) => kind === 'Service')?.metadata.labels ?? {}
  assert.ok(matches(monitor.selector.matchLabels, labels))
  assert.equal(monitor.endpoints[0].port, service.ports[0].name)
  assert.equal(monitor.endpoints[0].honorLabels, true)
})

type Labels = Readonly<Record<string, string>>
const matches = (selector: Labels, labels: Labels) =>
  Object.entries(selector).every(([name, value]) => labels[name] === value)

/** The `spec` of the only object of this kind, as its file has it. */
function spec(all: readonly Manifest[], kind: string) {
  const [only, ...more] = all.filter((one) => one.kind === kind)
  assert.ok(only !== undefined && more.length === 0, kind)
  return parse(JSON.stringify(only)).spec
}
