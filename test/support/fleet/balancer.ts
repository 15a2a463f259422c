// A TCP load balancer, as it stands in front of the receivers of a store.

import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { type Cleanable, cleanUpAfter } from '../cleanup.ts'

/** Forwards each connection to the next of the ports of 127.0.0.1 that accepts one. Resolves with its own port. */
export async function startBalancer(context: Cleanable, ports: readonly number[]): Promise<number> {
  let connections = 0
  const open = new Set<Socket>()
  const server = createServer((client) => {
    open.add(client)
    client.on('error', () => undefined).on('close', () => open.delete(client))
    const first = connections++ % ports.length
    forward(client, [...ports.slice(first), ...ports.slice(0, first)])
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  cleanUpAfter(context, () => {
    server.close()
    for (const socket of open) socket.destroy()
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server has no port')
  return address.port
}

function forward(client: Socket, [port, ...others]: readonly number[]): void {
  if (port === undefined) {
    client.destroy()
    return
  }
  const service = connect(port, '127.0.0.1')
  const tryNext = () => forward(client, others)
  service.once('error', tryNext)
  service.once('connect', () => {
    service.off('error', tryNext).on('error', () => client.destroy())
    service.on('close', () => client.destroy())
    client.on('close', () => service.destroy())
    client.pipe(service).pipe(client)
  })
}
