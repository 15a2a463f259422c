// A TCP proxy in front of a real service that misbehaves as told.

import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import type { Cleanable } from './cleanup.ts'
import { cleanUpAfter } from './cleanup.ts'

/** `pass`: as it comes; `silent`: takes all and never answers; `cut`: drops the connection in the middle of a request. */
export type Behaviour = 'pass' | 'silent' | 'cut'

export type FaultProxy = {
  readonly url: string
  /** From the next connection on. */
  readonly behave: (behaviour: Behaviour) => void
  /** Drops the connections that there are. */
  readonly drop: () => void
  /** How many connections there were at most at one time. */
  readonly mostAtOnce: () => number
}

/** Listens on a free port of 127.0.0.1, in front of `port`. */
export async function startFaultProxy(context: Cleanable, port: number): Promise<FaultProxy> {
  let behaviour: Behaviour = 'pass'
  const open = new Set<Socket>()
  let mostAtOnce = 0
  const server = createServer((client) => {
    open.add(client)
    mostAtOnce = Math.max(mostAtOnce, open.size)
    client.on('error', () => undefined).on('close', () => open.delete(client))
    if (behaviour === 'pass') passOn(client, port)
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
  if (address === null || typeof address === 'string') throw new Error('no port was given')
  return {
    url: `http://127.0.0.1:${address.port}`,
    behave: (next) => {
      behaviour = next
    },
    drop,
    mostAtOnce: () => mostAtOnce,
  }
}

function passOn(client: Socket, port: number): void {
  const service = connect(port, '127.0.0.1')
  service.on('error', () => client.destroy())
  client.on('close', () => service.destroy())
  client.pipe(service).pipe(client)
}
