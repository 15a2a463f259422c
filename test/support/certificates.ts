// Creates certificates for a test with openssl.

import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { tool } from './tools.ts'

export type Certificate = { readonly certificate: string; readonly key: string }

const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']

/** Creates a certificate authority, and returns the paths of its PEM files in `folder`. */
export function makeAuthority(folder: string, name: string): Certificate {
  const files = filesFor(folder, name)
  openssl('req', '-x509', ...newKey, '-days', '2', '-subj', `/CN=${name}`, ...out(files))
  return files
}

/** Creates a certificate for 127.0.0.1 that `authority` signs. */
export function makeCertificate(folder: string, name: string, authority: Certificate): Certificate {
  return makeNamedCertificate(folder, name, 'IP:127.0.0.1', authority)
}

/** Creates a certificate for `subject`, such as `DNS:example.com`, that `authority` signs. */
export function makeNamedCertificate(
  folder: string,
  name: string,
  subject: string,
  authority: Certificate,
): Certificate {
  const files = filesFor(folder, name)
  const [request, extensions] = [join(folder, `${name}.csr`), join(folder, `${name}.extensions`)]
  writeFileSync(extensions, `subjectAltName=${subject}\n`)
  openssl('req', ...newKey, '-subj', `/CN=${name}`, '-keyout', files.key, '-out', request)
  openssl(
    ...['x509', '-req', '-days', '2', '-in', request, '-out', files.certificate, '-extfile', extensions],
    ...['-CA', authority.certificate, '-CAkey', authority.key, '-CAcreateserial'],
  )
  return files
}

function filesFor(folder: string, name: string): Certificate {
  return { certificate: join(folder, `${name}.pem`), key: join(folder, `${name}.key`) }
}

function out({ certificate, key }: Certificate): readonly string[] {
  return ['-keyout', key, '-out', certificate]
}

function openssl(...parameters: readonly string[]): void {
  execFileSync(tool('openssl'), parameters, { stdio: ['ignore', 'ignore', 'pipe'] })
}
