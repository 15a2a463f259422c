// Starts a real Thanos as deploy/FLEET.md describes it, with the page's own commands and files.

import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Cleanable, cleanUpAfter } from '../cleanup.ts'
import { temporaryFolder } from '../folder.ts'
import { freePort } from '../processes.ts'
import { type Service, startService } from '../stack.ts'
import { tool } from '../tools.ts'
import { waitFor } from '../wait.ts'
import { startBalancer } from './balancer.ts'
import { blocksBelow } from './page.ts'
import type { Destination } from './site.ts'
import { commandFrom } from './thanos-command.ts'

export const thanosHeading = 'Thanos receive'

export type Receiver = {
  /** Where its samples are. */
  readonly folder: string
  readonly start: () => Promise<void>
  /** It answers nothing more, as on a machine that is about to fail. */
  readonly freeze: () => void
  readonly kill: () => Promise<void>
}

export type Thanos = {
  readonly receivers: readonly Receiver[]
  readonly query: Service
  readonly destination: Destination
  /** Waits until the query component reads from this number of receivers, as its list of stores shows. */
  readonly readsFrom: (count: number) => Promise<void>
}

type Ports = {
  readonly grpc: number
  readonly http: number
  readonly write: number
  readonly capnproto: number
}

const local = (port: number): string => `127.0.0.1:${port}`

/** Starts the page's three receivers, with a load balancer in front of them, and the query component. */
export async function startThanos(context: Cleanable, replication: number): Promise<Thanos> {
  const folder = await temporaryFolder(context)
  const [hashrings = ''] = await blocksBelow(thanosHeading, 'json')
  const rings: { endpoints: { address: string }[] }[] = JSON.parse(hashrings)
  const pageEndpoints = rings.flatMap(({ endpoints }) => endpoints.map(({ address }) => address))
  const ports: Ports[] = []
  for (const _ of pageEndpoints) ports.push(await receiverPorts())
  const addresses = new Map(pageEndpoints.map((address, index) => [address, local(ports[index]?.grpc ?? 0)]))
  const here = (text: string) => [...addresses].reduce((all, [from, to]) => all.replaceAll(from, to), text)

  const hashringsFile = join(folder, 'hashring.json')
  await writeFile(hashringsFile, here(hashrings))
  const receivers = ports.map((own, number) =>
    receiver(context, { folder, hashringsFile, number, own, replication }),
  )
  await Promise.all(receivers.map(({ start }) => start()))
  const query = await startQuery(context, folder, here)
  const readsFrom = (count: number) => storesOf(query, count)
  await readsFrom(receivers.length)
  const port = await startBalancer(
    context,
    ports.map(({ write }) => write),
  )
  return {
    receivers,
    query,
    readsFrom,
    destination: { port, heading: thanosHeading, program: 'prometheus3' },
  }
}

async function receiverPorts(): Promise<Ports> {
  const [grpc, http, write, capnproto] = [
    await freePort(),
    await freePort(),
    await freePort(),
    await freePort(),
  ]
  return { grpc, http, write, capnproto }
}

type ReceiverPlace = {
  readonly folder: string
  readonly hashringsFile: string
  readonly number: number
  readonly own: Ports
  readonly replication: number
}

function receiver(context: Cleanable, place: ReceiverPlace): Receiver {
  const { folder, hashringsFile, number, own, replication } = place
  const data = join(folder, `receive-${number}`)
  let running: Service | undefined
  cleanUpAfter(context, () => running?.stop('SIGKILL'))
  return {
    folder: data,
    start: async () => {
      const command = await commandFrom(thanosHeading, 'receive', {
        label: `receive_replica="${number}"`,
        'receive.local-endpoint': local(own.grpc),
        'receive.hashrings-file': hashringsFile,
        'receive.replication-factor': String(replication),
        'tsdb.path': data,
        // On one machine, the receivers need different ports.
        'http-address': local(own.http),
        'grpc-address': local(own.grpc),
        'remote-write.address': local(own.write),
        'receive.capnproto-address': local(own.capnproto),
      })
      running = await startService(`receiver ${number}`, own.http, '/-/ready', () => [
        tool('thanos'),
        ...command,
      ])
    },
    freeze: () => {
      running?.child.kill('SIGSTOP')
    },
    kill: async () => {
      await running?.stop('SIGKILL')
    },
  }
}

async function startQuery(
  context: Cleanable,
  folder: string,
  here: (text: string) => string,
): Promise<Service> {
  const [, endpoints = ''] = await blocksBelow(thanosHeading, 'yaml')
  const endpointsFile = join(folder, 'endpoints.yml')
  await writeFile(endpointsFile, here(endpoints))
  const [port, grpc] = [await freePort(), await freePort()]
  const command = await commandFrom(thanosHeading, 'query', {
    'endpoint.sd-config-file': endpointsFile,
    'http-address': local(port),
    'grpc-address': local(grpc),
  })
  const query = await startService('thanos query', port, '/-/ready', () => [tool('thanos'), ...command])
  cleanUpAfter(context, () => query.stop())
  return query
}

async function storesOf({ url }: Service, count: number): Promise<void> {
  await waitFor(`the query component reads from ${count} receivers`, async () => {
    const response = await fetch(`${url}/api/v1/stores`)
    const stores: { data: { receive?: { lastError: unknown }[] } } = JSON.parse(await response.text())
    const healthy = (stores.data.receive ?? []).filter(({ lastError }) => lastError === null)
    return healthy.length === count || undefined
  })
}

/** Starts the ruler on rule files, given by name. */
export async function startRuler(
  context: Cleanable,
  { query }: Thanos,
  alertmanager: Service,
  ruleFiles: Readonly<Record<string, string>>,
): Promise<Service> {
  const folder = await temporaryFolder(context)
  await mkdir(join(folder, 'rules'))
  for (const [name, text] of Object.entries(ruleFiles)) await writeFile(join(folder, 'rules', name), text)
  const [port, grpc] = [await freePort(), await freePort()]
  const command = await commandFrom(thanosHeading, 'rule', {
    query: query.url,
    'alertmanagers.url': alertmanager.url,
    'rule-file': join(folder, 'rules', '*.yml'),
    'data-dir': join(folder, 'data'),
    // For the group without an interval of its own.
    'eval-interval': '1s',
    'http-address': local(port),
    'grpc-address': local(grpc),
  })
  const ruler = await startService('thanos rule', port, '/-/ready', () => [tool('thanos'), ...command])
  cleanUpAfter(context, () => ruler.stop())
  return ruler
}
