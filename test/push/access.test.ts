// TLS, client certificates and passwords, against a real Pushgateway that asks for them.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { test } from 'node:test'
import { type GatewayOptions, push } from '../../agent/push/pushgateway.ts'
import { cleanUpAfter } from '../support/cleanup.ts'
import { password, startGuardedGateway } from '../support/guarded-gateway.ts'

const never = new AbortController().signal
const figures = '# TYPE kopia_x gauge\nkopia_x 1\n'

async function refusal(options: GatewayOptions): Promise<string> {
  const result = await push(options, [figures], 'text/plain', never)
  return result.ok ? assert.fail('the push was accepted') : result.reason
}

test('a gateway with TLS, client certificates and a password refuses a push that lacks one of them', async (context) => {
  const { options, client, authority, stranger } = await startGuardedGateway(context)
  const basic = (secret: string) => ({ kind: 'basic', username: 'agent', password: secret }) as const
  assert.match(await refusal({ ...options, credentials: basic('wrong') }), /it answered 401/)
  assert.match(
    await refusal({ ...options, credentials: { kind: 'bearer', token: password } }),
    /it answered 401/,
  )
  assert.match(
    await refusal({ ...options, tls: { ca: authority.certificate } }),
    /certificate required|bad certificate|ECONNRESET|socket hang up/,
  )
  assert.match(
    await refusal({ ...options, tls: { certificate: client.certificate, key: client.key } }),
    /unable to verify|self-signed/i,
  )
  assert.match(
    await refusal({ ...options, tls: { ...options.tls, ca: stranger.certificate } }),
    /unable to verify|self-signed|unable to get local issuer/i,
  )
  assert.match(await refusal({ ...options, tls: { ca: '/nowhere.pem' } }), /ENOENT.*\/nowhere\.pem/)
  assert.match(await refusal({ ...options, url: options.url.replace('https', 'http') }), /it answered 400/)
})

test('a bearer token is sent in the Authorization header', async (context) => {
  const headers: (string | undefined)[] = []
  const server = createServer((request, response) => {
    headers.push(request.headers.authorization)
    response.end()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  cleanUpAfter(context, () => server.close())
  const address = server.address()
  assert.ok(address !== null && typeof address === 'object')
  const options: GatewayOptions = {
    url: `http://127.0.0.1:${address.port}`,
    target: { kind: 'pushgateway' },
    job: 'kopia',
    instance: 'vm',
    grouping: {},
    timeoutMs: 5000,
    credentials: { kind: 'bearer', token: 'a.b.c' },
    tls: {},
  }
  assert.deepEqual(await push(options, [figures], 'text/plain', never), { ok: true })
  assert.deepEqual(headers, ['Bearer a.b.c'])
})
