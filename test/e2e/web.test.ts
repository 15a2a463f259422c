// The listener against clients without the password, and against clients that try to block it.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { cleanUpAfter } from '../support/cleanup.ts'
import { createLab, figuresAfter } from '../support/lab.ts'
import type { Service } from '../support/stack.ts'
import { waitFor } from '../support/wait.ts'

test('with a password: metrics and page need it, the health checks do not', async (context) => {
  const lab = await createLab(context)
  const passwordFile = join(lab.folder, 'web-password')
  await writeFile(passwordFile, 'pässwort: of the listener\n')
  const agent = await lab.startAgent({
    KOPIA_METRICS_WEB_USERNAME: 'prometheus',
    KOPIA_METRICS_WEB_PASSWORD_FILE: passwordFile,
  })
  const ask = async (path: string, login?: string) => {
    const authorization = `Basic ${Buffer.from(login ?? '').toString('base64')}`
    const response = await fetch(agent.url + path, { headers: login === undefined ? {} : { authorization } })
    return response.status
  }
  assert.deepEqual(
    [
      await ask('/metrics'),
      await ask('/metrics', 'prometheus:wrong'),
      await ask('/metrics', 'somebody:pässwort: of the listener'),
      await ask('/metrics', 'prometheus:pässwort: of the listener'),
      await ask('/'),
      await ask('/', 'prometheus:pässwort: of the listener'),
      await ask('/-/ready'),
      await ask('/-/healthy'),
      await ask('/nothing'),
    ],
    [401, 401, 401, 200, 401, 200, 200, 200, 401],
  )
  const asked = (await fetch(`${agent.url}/metrics`)).headers.get('www-authenticate')
  assert.equal(asked, 'Basic realm="kopia-metrics-agent", charset="UTF-8"')
})

/** Connects, sends `text`, and then sends nothing more. */
async function openConnection(context: TestContext, agent: Service, text: string): Promise<Socket> {
  const socket = connect(agent.port, '127.0.0.1')
  cleanUpAfter(context, () => socket.destroy())
  socket.on('error', () => undefined).resume()
  await Promise.race([once(socket, 'connect'), once(socket, 'close')])
  socket.write(text)
  return socket
}

test('a thousand connections that send nothing or half a request block neither pushing nor the listener', async (context) => {
  const lab = await createLab(context)
  const path = await lab.makeSource('photos')
  const agent = await lab.startAgent()
  const sockets = await Promise.all(
    Array.from({ length: 1000 }, (_, index) =>
      openConnection(context, agent, index % 2 === 0 ? '' : 'GET /metrics HTTP/1.1\r\nX-Slow: '),
    ),
  )
  await lab.kopia.must('snapshot', 'create', path)
  assert.equal((await figuresAfter(lab.gateway, path, 1)).status, 1)
  await waitFor('all connections are closed', () => sockets.every((socket) => socket.destroyed) || undefined)
  assert.equal((await fetch(`${agent.url}/metrics`)).status, 200)
})

test('a request that is too large is refused', async (context) => {
  const lab = await createLab(context)
  const agent = await lab.startAgent()
  const response = await fetch(`${agent.url}/metrics`, { headers: { 'x-long': 'x'.repeat(10_000) } })
  assert.equal(response.status, 431)
})
