// A mail server for tests that stores the letters it gets. It requires STARTTLS and a login, as providers do.

import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { SMTPServer } from 'smtp-server'
import type { Certificate } from './certificates.ts'
import { type Cleanable, cleanUpAfter } from './cleanup.ts'

export type Mailbox = { readonly address: string; readonly letters: readonly string[] }

/** Listens on a free port of 127.0.0.1 until the end of the test, and accepts only this user. */
export async function startMailbox(
  context: Cleanable,
  certificate: Certificate,
  user: { readonly name: string; readonly password: string },
): Promise<Mailbox> {
  const letters: string[] = []
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
        letters.push(Buffer.concat(parts).toString('utf8'))
        done()
      })
    },
  })
  const listening = server.listen(0, '127.0.0.1')
  await once(listening, 'listening')
  cleanUpAfter(context, () => new Promise<void>((resolve) => server.close(resolve)))
  const address = listening.address()
  if (address === null || typeof address === 'string') throw new Error('the server has no port')
  return { address: `127.0.0.1:${address.port}`, letters }
}
