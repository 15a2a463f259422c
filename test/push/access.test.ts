// TLS, client certificates and passwords, against a real Pushgateway that asks for them.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { type GatewayOptions, push } from '../../agent/push/pushgateway.ts'
import { type Certificate, makeAuthority, makeCertificate } from '../support/certificates.ts'
import { cleanUpAfter } from '../support/cleanup.ts'
import { temporaryFolder } from '../support/folder.ts'
import { freePort, start } from '../support/processes.ts'
import { tool } from '../support/tools.ts'
import { waitFor } from '../support/wait.ts'

const password = 'gateway secret'
/** bcrypt of the password, at the lowest cost. */
const passwordHash = '$2b$04$abcdefghijklmnopqrstuugI2Jkt/JW9Ob3zF3.WpinUsVOoRqEgW'
const never = new AbortController().signal
const picture = '# TYPE kopia_x gauge\nkopia_x 1\n'

type Guarded = {
  readonly options: GatewayOptions
  readonly authority: Certificate
  readonly client: Certificate
  readonly stranger: Certificate
  readonly gatewayOutput: () => string
}

/** A gateway that asks for a client certificate of its authority and for a password. */
async function startGuardedGateway(context: TestContext): Promise<Guarded> {
  const folder = await temporaryFolder(context)
  const authority = makeAuthority(folder, 'authority')
  const stranger = makeAuthority(folder, 'stranger')
  const server = makeCertificate(folder, 'server', authority)
  const client = makeCertificate(folder, 'client', authority)
  const configuration = join(folder, 'web.yml')
  await writeFile(
    configuration,
    `tls_server_config:
  cert_file: ${server.certificate}
  key_file: ${server.key}
  client_auth_type: RequireAndVerifyClientCert
  client_ca_file: ${authority.certificate}
basic_auth_users:
  agent: ${passwordHash}
`,
  )
  const port = await freePort()
  const running = start('pushgateway', tool('pushgateway'), [
    `--web.listen-address=127.0.0.1:${port}`,
    `--web.config.file=${configuration}`,
    '--persistence.file=',
  ])
  cleanUpAfter(context, () => running.stop())
  const options: GatewayOptions = {
    url: `https://127.0.0.1:${port}`,
    job: 'kopia',
    instance: 'vm',
    grouping: {},
    timeoutMs: 5000,
    credentials: { kind: 'basic', username: 'agent', password },
    tls: { ca: authority.certificate, certificate: client.certificate, key: client.key },
  }
  await waitFor('the gateway accepts a push', async () => {
    const result = await push(options, [picture], 'text/plain', never)
    return result.ok || /ECONNREFUSED/.test(result.reason)
      ? result.ok || undefined
      : assert.fail(result.reason)
  })
  return { options, authority, client, stranger, gatewayOutput: running.output }
}

async function refusal(options: GatewayOptions): Promise<string> {
  const result = await push(options, [picture], 'text/plain', never)
  return result.ok ? assert.fail('it was accepted') : result.reason
}

test('a gateway with TLS, client certificates and a password: with all of them a push arrives, and only then', async (context) => {
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

test('a bearer token is sent as such', async (context) => {
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
    job: 'kopia',
    instance: 'vm',
    grouping: {},
    timeoutMs: 5000,
    credentials: { kind: 'bearer', token: 'a.b.c' },
    tls: {},
  }
  assert.deepEqual(await push(options, [picture], 'text/plain', never), { ok: true })
  assert.deepEqual(headers, ['Bearer a.b.c'])
})
