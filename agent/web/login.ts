// Basic authentication of the listener (RFC 7617).

import { createHash, timingSafeEqual } from 'node:crypto'

export type Login = { readonly username: string; readonly password: string }

/** Whether the `Authorization` header of a request has this login. Takes the same time for right and wrong ones. */
export function isAuthorized(header: string | undefined, { username, password }: Login): boolean {
  const encoded = /^Basic +([A-Za-z0-9+/=]+) *$/i.exec(header ?? '')?.[1] ?? ''
  return timingSafeEqual(
    digest(Buffer.from(encoded, 'base64')),
    digest(Buffer.from(`${username}:${password}`)),
  )
}

/** timingSafeEqual compares only texts of equal length, and digests have one. */
function digest(bytes: Buffer): Buffer {
  return createHash('sha256').update(bytes).digest()
}
