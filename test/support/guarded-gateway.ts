// A real Pushgateway that requires TLS, a client certificate and a password.

import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { type GatewayOptions, push } from '../../agent/push/pushgateway.ts'
import { type Certificate, makeAuthority, makeCertificate } from './certificates.ts'
import { cleanUpAfter } from './cleanup.ts'
import { temporaryFolder } from './folder.ts'
import { freePort, start } from './processes.ts'
import { tool } from './tools.ts'
import { waitFor } from './wait.ts'

export const password = 'gateway secret'
/** The bcrypt hash of the password, at the lowest cost. */
const passwordHash = '$2b$04$abcdefghijklmnopqrstuugI2Jkt/JW9Ob3zF3.WpinUsVOoRqEgW'

export type Guarded = {
  readonly options: GatewayOptions
  readonly authority: Certificate
  readonly client: Certificate
  readonly stranger: Certificate
  readonly gatewayOutput: () => string
}

/** Starts a gateway that requires a client certificate of its authority and a password. */
export async function startGuardedGateway(context: TestContext): Promise<Guarded> {
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
    target: { kind: 'pushgateway' },
    job: 'kopia',
    instance: 'vm',
    grouping: {},
    timeoutMs: 5000,
    credentials: { kind: 'basic', username: 'agent', password },
    tls: { ca: authority.certificate, certificate: client.certificate, key: client.key },
  }
  await waitFor('the gateway accepts a push', async () => {
    const result = await push(
      options,
      ['# TYPE kopia_x gauge\nkopia_x 1\n'],
      'text/plain',
      new AbortController().signal,
    )
    return result.ok || /ECONNREFUSED/.test(result.reason)
      ? result.ok || undefined
      : assert.fail(result.reason)
  })
  return { options, authority, client, stranger, gatewayOutput: running.output }
}
