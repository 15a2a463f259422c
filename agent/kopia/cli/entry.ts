// An entry of a snapshot's directory, as Kopia stores it (snapshot/manifest.go, DirEntry).

import { asNumber, asRecord, asString } from '../../util/json.ts'
import type { Entry } from './reading.ts'

const types: Readonly<Record<string, Entry['type']>> = { f: 'file', d: 'directory', s: 'symlink' }

/** Parses and checks an entry; throws an Error that names what is missing. */
export function parseEntry(value: unknown, what: string): Entry {
  const entry = asRecord(value, what)
  const objectId = typeof entry.obj === 'string' ? entry.obj : ''
  const type = isObjectId(objectId) ? (types[String(entry.type)] ?? 'other') : 'other'
  const modifiedNs = typeof entry.mtime === 'string' ? parseNanoseconds(entry.mtime) : undefined
  const shared = { name: asString(entry.name, `name of ${what}`), type, objectId, modifiedNs }
  if (type !== 'directory') return { ...shared, sizeBytes: asSize(entry.size), files: 1 }
  if (entry.summ === undefined || entry.summ === null)
    return { ...shared, sizeBytes: asSize(entry.size), files: 1 }
  const summary = asRecord(entry.summ, `summary of ${what}`)
  const files = asSize(summary.files) + asSize(summary.symlinks)
  return { ...shared, sizeBytes: asSize(summary.size), files }
}

/** Whether it can be an argument of Kopia: an id is in hexadecimal digits behind letters that tell its kind. */
function isObjectId(text: string): boolean {
  return /^[A-Za-z]{0,3}[0-9a-f]+$/.test(text)
}

function asSize(value: unknown): number {
  return Math.max(0, asNumber(value))
}

/** RFC 3339 to nanoseconds since 1970; undefined for any other text. A number of seconds would cut them. */
function parseNanoseconds(text: string): bigint | undefined {
  const [, whole, fraction = '', zone] = /^([^.]+?)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/.exec(text) ?? []
  const milliseconds = Date.parse(`${whole}${zone}`)
  if (Number.isNaN(milliseconds)) return undefined
  return BigInt(milliseconds) * 1_000_000n + BigInt(fraction.padEnd(9, '0'))
}
