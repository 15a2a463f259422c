// Pushes like the agent, for a tenth of its CPU: where ten thousand agents share a machine with the store, theirs would decide.

import { connect } from 'node:net'
import { groupUrl, type PushResult } from '../../../agent/push/pushgateway.ts'
import { gatewayOptions } from './simulated-agent.ts'

/** A request that is ready to be written to a connection. */
export type Ready = {
  readonly instance: string
  readonly host: string
  readonly port: number
  readonly bytes: Buffer
}

/** The agent's own request: its URL with further parameters, and a body in chunks, of which this one has a single one. */
export function readyRequest(url: string, instance: string, text: string, parameters = ''): Ready {
  const { hostname, port, host, pathname } = new URL(groupUrl(gatewayOptions(url, instance, 0)))
  const head = [
    `POST ${pathname}${parameters} HTTP/1.1`,
    `Host: ${host}`,
    'Content-Type: text/plain; version=0.0.4; charset=utf-8',
    'Connection: close',
    'Transfer-Encoding: chunked',
  ]
  const body = `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n0\r\n\r\n`
  return {
    instance,
    host: hostname,
    port: Number(port),
    bytes: Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`),
  }
}

/** Sends the request by a connection of its own from `localAddress`; the reasons are those of the agent. */
export function cheapPush(
  { host, port, bytes }: Ready,
  localAddress: string,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<PushResult> {
  return new Promise((resolve) => {
    let answer = ''
    const socket = connect({ host, port, localAddress })
    const settle = (result: PushResult) => {
      clearTimeout(timer)
      signal.removeEventListener('abort', abort)
      socket.destroy()
      resolve(result)
    }
    const abort = () => settle({ ok: false, reason: 'aborted' })
    const timer = setTimeout(
      () => settle({ ok: false, reason: `no answer within ${timeoutMs / 1000} s` }),
      timeoutMs,
    )
    signal.addEventListener('abort', abort)
    socket.on('connect', () => socket.write(bytes))
    socket.on('data', (chunk) => {
      answer += chunk.toString('latin1')
    })
    socket.on('error', ({ message }) => settle({ ok: false, reason: message }))
    socket.on('end', () => settle(resultOf(answer)))
  })
}

function resultOf(answer: string): PushResult {
  const [, status] = /^HTTP\/1\.1 (\d{3})/.exec(answer) ?? []
  if (status === undefined) return { ok: false, reason: 'socket hang up' }
  return status.startsWith('2') ? { ok: true } : { ok: false, reason: `it answered ${status}` }
}
