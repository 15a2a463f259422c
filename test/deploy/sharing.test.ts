// What the agent's container shares with Kopia: without Kopia's processes and folders it sees less.

import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { parse } from 'yaml'
import { projectFolder } from '../support/tools.ts'

type Service = {
  readonly container_name?: string
  readonly user?: string
  readonly pid?: string
  readonly cap_add?: readonly string[]
  readonly volumes?: readonly string[]
}

async function servicesOf(name: string): Promise<Readonly<Record<string, Service>>> {
  const file: { services: Record<string, Service> } = parse(
    await readFile(join(projectFolder, 'deploy', name), 'utf8'),
  )
  return file.services
}

test("host.yaml gives the agent the machine's processes, and the right to look into root's", async () => {
  const { 'kopia-metrics-agent': agent } = await servicesOf('host.yaml')
  assert.equal(agent?.pid, 'host')
  assert.ok(agent.cap_add?.includes('SYS_PTRACE'))
})

test("sidecar.yaml gives the agent the processes of Kopia's container, and the same folders", async () => {
  const { kopia, 'kopia-metrics-agent': agent } = await servicesOf('sidecar.yaml')
  const { 'kopia-metrics-agent': ofStack } = await servicesOf('compose.yaml')
  assert.equal(agent?.pid, `container:${kopia?.container_name}`)
  assert.ok(agent.cap_add?.includes('SYS_PTRACE'))
  const targets = (service: Service | undefined) =>
    (service?.volumes ?? []).map((volume) => volume.split(':').at(-1))
  const shared = [...targets(ofStack), ...targets(agent)]
  for (const folder of ['/app/config', '/app/logs', '/app/cache', '/repository']) {
    assert.ok(targets(kopia).includes(folder) && shared.includes(folder), folder)
  }
})
