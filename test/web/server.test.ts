// The listener on a real socket: whom it answers, and how long it waits for those who do not read.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { request } from 'node:http'
import { connect, type Socket } from 'node:net'
import { hostname } from 'node:os'
import { type TestContext, test } from 'node:test'
import { createHostCheck } from '../../agent/web/allowed-hosts.ts'
import { startWebServer, type WebOptions, type WebServer } from '../../agent/web/server.ts'
import { cleanUpAfter } from '../support/cleanup.ts'
import { waitFor } from '../support/wait.ts'

async function serve(context: TestContext, change: Partial<WebOptions> = {}): Promise<WebServer> {
  const web = await startWebServer({
    host: '127.0.0.1',
    port: 0,
    allowedHosts: [],
    login: undefined,
    metrics: () => ({ status: 200, contentType: 'text/plain', body: 'kopia 1\n' }),
    page: async () => ({ status: 200, contentType: 'text/html', body: '<p>' }),
    progress: () => 'up to date',
    onError: (error) => assert.fail(String(error)),
    ...change,
  })
  cleanUpAfter(context, () => web.close())
  return web
}

type Asked = { readonly path?: string; readonly host: string; readonly method?: string }

/** Status and text of the reply to a request with this `Host`. */
async function ask(
  { port }: WebServer,
  { path = '/metrics', host, method = 'GET' }: Asked,
): Promise<readonly [number | undefined, string]> {
  const asked = request({ port, host: '127.0.0.1', path, method, headers: { host }, agent: false }).end()
  const [response] = await once(asked, 'response')
  let body = ''
  for await (const piece of response.setEncoding('utf8')) body += piece
  return [response.statusCode, body]
}

test('IP addresses, localhost and names that are set are allowed, whatever the port and the case', () => {
  const isAllowed = createHostCheck(['Nas.example.org', 'backup'])
  for (const host of [
    'localhost',
    'LOCALHOST:9192',
    'localhost.',
    '127.0.0.1',
    '127.9.9.9:9192',
    '192.168.1.5:9192',
    '[::1]',
    '[::1]:9192',
    '[fd00::5]:9192',
    'nas.example.org:443',
    'nas.example.org.',
    'backup',
    undefined,
  ]) {
    assert.equal(isAllowed(host), true, host)
  }
  for (const host of [
    '',
    ':9192',
    'evil.example',
    'evil.example:9192',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    'example.org',
    'a.backup',
    '1.2.3.4.5',
    '[evil.example]',
    'evil.example:9192:1',
    'evil.example#127.0.0.1',
    '127.0.0.1@evil.example',
  ]) {
    assert.equal(isAllowed(host), false, host)
  }
})

test('a request for another name is refused on every path, with the setting that would allow it', async (context) => {
  const web = await serve(context, { allowedHosts: ['nas.example.org'] })
  for (const path of ['/', '/metrics', '/-/healthy', '/-/ready', '/nothing']) {
    const [status, text] = await ask(web, { path, host: `evil.example:${web.port}` })
    assert.equal(status, 421, path)
    assert.match(text, /web_allowed_hosts/)
    assert.doesNotMatch(text, /kopia 1/)
  }
  for (const host of ['localhost', '127.0.0.1', '10.0.0.7:9192', '[::1]:1', hostname(), 'nas.example.org']) {
    assert.deepEqual(await ask(web, { host }), [200, 'kopia 1\n'], host)
    assert.equal((await ask(web, { path: '/-/ready', host }))[0], 200, host)
  }
})

test('a listener on a name answers to that name', async (context) => {
  const web = await serve(context, { host: 'localhost' })
  assert.equal((await ask(web, { host: `localhost:${web.port}` }))[0], 200)
})

test('only GET and HEAD are answered, and HEAD without a body', async (context) => {
  const web = await serve(context)
  assert.equal((await ask(web, { host: 'localhost', method: 'POST' }))[0], 405)
  assert.deepEqual(await ask(web, { host: 'localhost', method: 'HEAD' }), [200, ''])
  assert.equal((await ask(web, { host: 'localhost', path: '/nothing' }))[0], 404)
})

test('with a login, metrics and page need it, and the health checks do not', async (context) => {
  const login = { username: 'prometheus', password: 'pässwort: of the listener' }
  const web = await serve(context, { login, progress: () => 'starting' })
  const statusOf = async (path: string) => (await ask(web, { path, host: 'localhost' }))[0]
  assert.deepEqual(
    await Promise.all(['/', '/metrics', '/-/healthy', '/-/ready'].map(statusOf)),
    [401, 401, 200, 503],
  )
  const authorization = `Basic ${Buffer.from(`${login.username}:${login.password}`).toString('base64')}`
  const response = await fetch(`http://127.0.0.1:${web.port}/metrics`, { headers: { authorization } })
  assert.deepEqual([response.status, await response.text()], [200, 'kopia 1\n'])
})

/** Metrics that no buffer of a socket holds, and whether the server has dropped them. */
function endlessMetrics() {
  const chunk = '#'.repeat(256 * 1024)
  let isDropped = false
  async function* body(): AsyncGenerator<string> {
    try {
      for (;;) yield chunk
    } finally {
      isDropped = true
    }
  }
  return {
    isDropped: () => isDropped,
    metrics: () => ({ status: 200, contentType: 'text/plain', body: body() }),
  }
}

/** Asks for the metrics and reads nothing of the reply. */
async function askWithoutReading(context: TestContext, { port }: WebServer): Promise<Socket> {
  const socket = connect(port, '127.0.0.1').on('error', () => undefined)
  cleanUpAfter(context, () => socket.destroy())
  await once(socket, 'connect')
  socket.write('GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n')
  return socket
}

test('a reader that never reads loses its connection', async (context) => {
  const { metrics, isDropped } = endlessMetrics()
  const web = await serve(context, { metrics, timeLimits: { idleMs: 100, replyMs: 3_600_000 } })
  const socket = await askWithoutReading(context, web)
  await waitFor('the reply is dropped', () => isDropped() || undefined)
  const closed = once(socket, 'close')
  socket.resume()
  await closed
})

test('a reader that reads on and on, however slowly, loses its connection at the limit of a reply', async (context) => {
  const { metrics, isDropped } = endlessMetrics()
  const web = await serve(context, { metrics, timeLimits: { idleMs: 3_600_000, replyMs: 200 } })
  const socket = await askWithoutReading(context, web)
  const closed = once(socket, 'close')
  socket.resume()
  await closed
  assert.ok(isDropped())
})

test('readers that never read do not keep the listener from others', async (context) => {
  const { metrics } = endlessMetrics()
  const web = await serve(context, { metrics, timeLimits: { idleMs: 500, replyMs: 3_600_000 } })
  // As many as the listener has connections.
  await Promise.all(Array.from({ length: 100 }, () => askWithoutReading(context, web)))
  const asked = { path: '/-/healthy', host: 'localhost' }
  const [status] = await waitFor('the listener answers', () => ask(web, asked))
  assert.equal(status, 200)
})

test('a reader that closes its connection is no error of the listener', async (context) => {
  const { metrics, isDropped } = endlessMetrics()
  const web = await serve(context, { metrics })
  const socket = await askWithoutReading(context, web)
  await once(socket, 'data')
  socket.destroy()
  await waitFor('the reply is dropped', () => isDropped() || undefined)
})

test('an error of the metrics ends the request and is reported', async (context) => {
  const errors: unknown[] = []
  const failure = new Error('no metrics')
  const web = await serve(context, {
    metrics: () => {
      throw failure
    },
    onError: (error) => errors.push(error),
  })
  await assert.rejects(ask(web, { host: 'localhost' }))
  assert.deepEqual(errors, [failure])
})

test('an address in use is refused', async (context) => {
  const { port } = await serve(context)
  await assert.rejects(serve(context, { port }), /EADDRINUSE/)
})
