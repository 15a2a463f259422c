// What answers where the gateway should be: a real Pushgateway with and without a login, VictoriaMetrics, a web page, nothing.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { test } from 'node:test'
import type { GatewayOptions } from '../../agent/push/pushgateway.ts'
import { adviceOnProbe, probeGateway } from '../../agent/setup/probe.ts'
import { importOptions, startAnsweringStore } from '../support/answering-store.ts'
import { cleanUpAfter } from '../support/cleanup.ts'
import { startGuardedGateway } from '../support/guarded-gateway.ts'
import { freePort } from '../support/processes.ts'
import { startPushgateway } from '../support/stack.ts'

function optionsFor(url: string): GatewayOptions {
  return { ...importOptions(url), target: { kind: 'pushgateway' } }
}

test('a Pushgateway is known, whether it holds groups or not', async (context) => {
  const gateway = await startPushgateway()
  cleanUpAfter(context, () => gateway.stop())
  const found = `a Pushgateway answers at ${gateway.url}`
  assert.deepEqual(await probeGateway(optionsFor(`${gateway.url}/`)), { kind: 'good', found })
})

test('a Pushgateway that wants a login says so, and takes the right one', async (context) => {
  const { options } = await startGuardedGateway(context)
  assert.equal((await probeGateway(options)).kind, 'good')
  const probe = await probeGateway({ ...options, credentials: { kind: 'none' } })
  assert.ok(probe.kind === 'login', probe.found)
  assert.match(adviceOnProbe(probe), /--pushgateway-username=NAME/)
})

test('nothing that answers is told with its reason', async () => {
  const probe = await probeGateway(optionsFor(`http://127.0.0.1:${await freePort()}`))
  assert.ok(probe.kind === 'unreachable', probe.found)
  assert.match(probe.found, /does not answer: connect ECONNREFUSED/)
  assert.match(adviceOnProbe(probe), /start a Pushgateway, or name yours by --pushgateway-url=URL/)
})

test('VictoriaMetrics is no Pushgateway, and its import is named', async (context) => {
  const importPath = '/api/v1/import/prometheus'
  const store = await startAnsweringStore(context, ({ path }) =>
    path.startsWith(importPath) ? 204 : undefined,
  )
  const probe = await probeGateway(optionsFor(store.url))
  assert.deepEqual(probe, {
    kind: 'not a gateway',
    found: `${store.url} looks like VictoriaMetrics: use ${store.url}${importPath}`,
  })
  assert.equal((await probeGateway(importOptions(`${store.url}${importPath}`))).kind, 'good')
  assert.equal(store.asked.at(-1)?.method, 'POST')
})

test('a redirect, and a web page where an import should be, are told', async (context) => {
  const importPath = '/api/v1/import/prometheus'
  const server = createServer((request, response) => {
    if (request.method === 'POST') response.end('<html>hello</html>')
    else response.writeHead(301, { location: 'https://gateway.example/' }).end()
  }).listen(0, '127.0.0.1')
  cleanUpAfter(context, () => void server.close())
  await once(server, 'listening')
  const address = server.address()
  assert.ok(typeof address === 'object' && address !== null)
  const url = `http://127.0.0.1:${address.port}`
  assert.deepEqual(await probeGateway(optionsFor(url)), {
    kind: 'not a gateway',
    found: `${url} redirects, which the agent does not follow: name the address that it leads to`,
  })
  assert.deepEqual(await probeGateway(importOptions(`${url}${importPath}`)), {
    kind: 'not a gateway',
    found: `what answers at ${url}${importPath} is not an import`,
  })
})

test('a web page that answers 200 to everything is no Pushgateway', async (context) => {
  for (const body of ['<html>hello</html>', '{"status":"success"}', '[]']) {
    const server = createServer((_request, response) => response.end(body)).listen(0, '127.0.0.1')
    cleanUpAfter(context, () => void server.close())
    await once(server, 'listening')
    const address = server.address()
    assert.ok(typeof address === 'object' && address !== null)
    assert.equal(
      (await probeGateway(optionsFor(`http://127.0.0.1:${address.port}`))).kind,
      'not a gateway',
      body,
    )
  }
})
