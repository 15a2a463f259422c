// A TCP proxy in front of a real service that causes the faults of a network.

import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import type { Cleanable } from './cleanup.ts'
import { cleanUpAfter } from './cleanup.ts'

/** `pass` forwards everything, `silent` reads and never answers, `cut` drops the connection during a request. */
export type Behaviour = 'pass' | 'silent' | 'cut'

export type FaultProxy = {
  readonly url: string
  /** Changes the behaviour from the next connection on. */
  readonly behave: (behaviour: Behaviour) => void
  /** Drops all open connections. */
  readonly drop: () => void
  /** The highest number of connections that were open at one time. */
  readonly mostAtOnce: () => number
}

/** Listens on a free port of 127.0.0.1, and forwards to `port`. */
export async function startFaultProxy(context: Cleanable, port: number): Promise<FaultProxy> {
  let behaviour: Behaviour = 'pass'
  const open = new Set<Socket>()
  let mostAtOnce = 0
  const server = createServer((client) => {
    open.add(client)
    mostAtOnce = Math.max(mostAtOnce, open.size)
    client.on('error', () => undefined).on('close', () => open.delete(client))
    if (behaviour === 'pass') forward(client, port)
    else if (behaviour === 'cut') client.once('data', () => client.destroy())
    else client.resume()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const drop = () => {
    for (const socket of open) socket.destroy()
  }
  cleanUpAfter(context, () => {
    server.close()
    drop()
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server has no port')
  return {
    url: `http://127.0.0.1:${address.port}`,
    behave: (next) => {
      behaviour = next
    },
    drop,
    mostAtOnce: () => mostAtOnce,
  }
}

function forward(client: Socket, port: number): void {
  const service = connect(port, '127.0.0.1')
  service.on('error', () => client.destroy())
  client.on('close', () => service.destroy())
  client.pipe(service).pipe(client)
}
