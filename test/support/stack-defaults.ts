// Tests the promises of deploy/compose.yaml without an .env.

import assert from 'node:assert/strict'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { commandsOf } from './runnable-page.ts'
import type { StackLab } from './stack-lab.ts'
import {
  ask,
  openRunbook,
  query,
  services,
  statesOf,
  waitForTargets,
  waitUntilHealthy,
} from './stack-queries.ts'
import { waitFor } from './wait.ts'

type Container = {
  readonly Name: string
  readonly Config: { readonly User: string }
  readonly HostConfig: {
    readonly ReadonlyRootfs: boolean
    readonly CapAdd: readonly string[]
    readonly CapDrop: readonly string[]
    readonly SecurityOpt: readonly string[]
    readonly RestartPolicy: { readonly Name: string }
    readonly LogConfig: object
    readonly Memory: number
    readonly NanoCpus: number
  }
}

/** Starts the stack, tests it, and leaves it running. */
export async function testDefaults(context: TestContext, lab: StackLab): Promise<void> {
  await context.test('the first commands of the page start it', () => testFirstCommands(lab))
  await context.test('every target is up, and every service is healthy', () => testHealth(lab))
  await context.test('Grafana finds its files, and admits nobody without an account', () => testGrafana(lab))
  await context.test('the link of an alert opens', () => openRunbook(lab, 'http://127.0.0.1:9090'))
  await context.test('only Prometheus and Grafana can be reached from outside', () => testReachability(lab))
  await context.test('the containers have minimal privileges', () => testPrivileges(lab))
  await context.test('common queries about the system return data', () => testSystemQueries(lab))
}

/** Runs what README.md says for an empty machine. The checkout is there already, and nobody edits .env. */
async function testFirstCommands(lab: StackLab): Promise<void> {
  const commands = await commandsOf(join(lab.deploy, 'README.md'), 'From an empty machine to a dashboard')
  const lines = commands.flatMap(({ command }) => command.split('\n'))
  const later = lines.filter((line) => !/^(git clone|cd|editor) /.test(line))
  assert.equal(later.length, lines.length - 3)
  const output = await lab.must(`set -e\n${later.join('\n')}`)
  assert.match(output, /setup: warning: GRAFANA_ADMIN_PASSWORD is "admin"/)
  assert.match(output, /setup: done, with the profile full/)
}

async function testHealth(lab: StackLab): Promise<void> {
  await waitForTargets(lab, ['kopia', 'node', 'prometheus'])
  await waitUntilHealthy(lab)
  assert.deepEqual(await statesOf(lab), [
    ...services.map((service) => `${service} running healthy`),
    'setup exited',
  ])
}

async function testGrafana(lab: StackLab): Promise<void> {
  const found = await ask(lab, '/api/health', { flags: '', url: 'http://localhost:3000' })
  assert.deepEqual(found.dataSource, { name: 'Prometheus', uid: 'kopia-prometheus', status: 200 })
  assert.deepEqual(found.dashboards, ['Backup Overview', 'System Resources'])
  assert.equal(found.environment.GF_AUTH_ANONYMOUS_ENABLED, 'false')
  assert.equal(found.environment.GF_USERS_ALLOW_SIGN_UP, 'false')
  assert.equal(found.environment.GF_USERS_AUTO_ASSIGN_ORG_ROLE, 'Viewer')
}

async function testReachability(lab: StackLab): Promise<void> {
  const listening = await lab.must(`ss --no-header --listening --tcp --numeric | awk '{ print $4 }' | sort`)
  assert.deepEqual(
    listening
      .trim()
      .split('\n')
      .filter((address) => !address.endsWith(':53')),
    ['127.0.0.1:3000', '127.0.0.1:9090'],
  )
  await lab.must('podman network exists elsewhere || podman network create elsewhere')
  const elsewhere =
    'podman run --rm --network=elsewhere --entrypoint=/bin/wget docker.io/prom/pushgateway:v1.11.1'
  for (const address of ['kopia-exporter:9091', 'kopia-node-exporter:9100', 'kopia-alertmanager:9093']) {
    assert.notEqual((await lab.run(`${elsewhere} -q -T 5 -O - http://${address}/metrics`)).exitCode, 0)
    // It can be reached from within the network.
    await lab.must(`podman exec kopia-prometheus wget -q -O - http://${address}/metrics`)
  }
}

async function testPrivileges(lab: StackLab): Promise<void> {
  const image = '{{.Config.User}} {{.Config.Entrypoint}} {{.Config.Cmd}}'
  assert.equal(
    (
      await lab.must(
        `podman image inspect --format '${image}' $(podman ps --format '{{.Image}}' | grep agent)`,
      )
    ).trim(),
    '1000:1000 [kopia-metrics-agent] [run]',
  )
  const containers: Container[] = JSON.parse(
    await lab.must('podman inspect --type=container $(docker compose ps --quiet)'),
  )
  for (const { Name, Config, HostConfig } of containers) {
    assert.ok(!/^(0|root)?(:|$)/.test(Config.User), `${Name} runs as ${Config.User}`)
    assert.equal(HostConfig.ReadonlyRootfs, true, Name)
    assert.ok(HostConfig.CapAdd.length === 0 && HostConfig.CapDrop.length > 5, Name)
    assert.ok(HostConfig.SecurityOpt.includes('no-new-privileges'), Name)
    assert.equal(HostConfig.RestartPolicy.Name, 'unless-stopped', Name)
    assert.match(JSON.stringify(HostConfig.LogConfig), /10MB|10m/, Name)
  }
  const prometheus = containers.find(({ Name }) => Name === 'kopia-prometheus')
  assert.deepEqual([prometheus?.HostConfig.Memory, prometheus?.HostConfig.NanoCpus], [2 * 2 ** 30, 1e9])
}

async function testSystemQueries(lab: StackLab): Promise<void> {
  for (const expression of [
    'rate(node_cpu_seconds_total{mode="user"}[5m])',
    'node_memory_MemTotal_bytes - node_memory_MemAvailable_bytes',
    'node_filesystem_free_bytes',
    'rate(node_network_transmit_bytes_total[5m])',
  ]) {
    await waitFor(expression, async () => (await query(lab, expression)).length > 0 || undefined)
  }
}
