// A mail server for tests. Like mail providers, it requires STARTTLS and a login.

import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { SMTPServer } from 'smtp-server'
import type { Certificate } from './certificates.ts'
import { type Cleanable, cleanUpAfter } from './cleanup.ts'

type Mailbox = { readonly address: string; readonly messages: readonly string[] }

/** Listens on a free port of 127.0.0.1 until the test ends. Only this user may send. */
export async function startMailbox(
  context: Cleanable,
  certificate: Certificate,
  user: { readonly name: string; readonly password: string },
): Promise<Mailbox> {
  const messages: string[] = []
  const server = new SMTPServer({
    cert: await readFile(certificate.certificate),
    key: await readFile(certificate.key),
    disableReverseLookup: true,
    onAuth: ({ username, password }, _, done) => {
      const isUser = username === user.name && password === user.password
      done(isUser ? null : new Error('wrong name or password'), isUser ? { user: user.name } : undefined)
    },
    onData: (stream, _, done) => {
      const parts: Buffer[] = []
      stream.on('data', (part: Buffer) => parts.push(part))
      stream.on('end', () => {
        messages.push(Buffer.concat(parts).toString('utf8'))
        done()
      })
    },
  })
  const listening = server.listen(0, '127.0.0.1')
  await once(listening, 'listening')
  cleanUpAfter(context, () => new Promise<void>((resolve) => server.close(resolve)))
  const address = listening.address()
  if (address === null || typeof address === 'string') throw new Error('the server has no port')
  return { address: `127.0.0.1:${address.port}`, messages }
}
