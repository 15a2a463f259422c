// Encodes stale markers as a request of Prometheus's remote write, the only form in which a store takes them.

export type Labels = Readonly<Record<string, string>>

/** The value that ends a series, little-endian (Prometheus, model/value/value.go: StaleNaN). */
const staleMarker = Uint8Array.from([2, 0, 0, 0, 0, 0, 0xf0, 0x7f])

/** The headers that a request needs (Prometheus Remote-Write 1.0 specification, "Protocol"). */
export const remoteWriteHeaders = {
  'content-type': 'application/x-protobuf',
  'content-encoding': 'snappy',
  'x-prometheus-remote-write-version': '0.1.0',
} as const

/** The body of a request that ends these series at `atSeconds`, in Unix time. */
export function staleMarkersOf(series: readonly Labels[], atSeconds: number): Uint8Array {
  const sample = message([tag(1, 1), staleMarker, tag(2, 0), varint(Math.round(atSeconds * 1000))])
  return inSnappy(message(series.flatMap((labels) => field(1, timeSeriesOf(labels, sample)))))
}

function timeSeriesOf(labels: Labels, sample: Uint8Array): Uint8Array {
  const sorted = Object.entries(labels).sort(([one], [other]) => (one < other ? -1 : 1))
  const texts = sorted.flatMap(([name, value]) =>
    field(1, message([...field(1, Buffer.from(name)), ...field(2, Buffer.from(value))])),
  )
  return message([...texts, ...field(2, sample)])
}

/** A field that holds bytes (Protocol Buffers, "Encoding"). */
function field(number: number, bytes: Uint8Array): readonly Uint8Array[] {
  return [tag(number, 2), varint(bytes.length), bytes]
}

function tag(number: number, wireType: 0 | 1 | 2): Uint8Array {
  return varint(number * 8 + wireType)
}

function message(parts: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(parts)
}

/** Milliseconds since 1970 have more than the 32 bits of JavaScript's bit operators. */
function varint(value: number): Uint8Array {
  const bytes: number[] = []
  let rest = value
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128)
  return Uint8Array.from([...bytes, rest])
}

const mostLiteralBytes = 65_536

/** Literals only: the format allows it, and the few bytes are not worth a library (snappy, format_description.txt). */
function inSnappy(bytes: Uint8Array): Uint8Array {
  const parts = [varint(bytes.length)]
  for (let from = 0; from < bytes.length; from += mostLiteralBytes) {
    const literal = bytes.subarray(from, from + mostLiteralBytes)
    const last = literal.length - 1
    parts.push(Uint8Array.from([61 * 4, last % 256, Math.floor(last / 256)]), literal)
  }
  return message(parts)
}
