// Writes samples into a Prometheus by its remote write protocol (version 1): protobuf in a frame of snappy.

export type Labels = Readonly<Record<string, string>>

/** The value of a sample at a time in Unix seconds. */
export type ValueAt = (seconds: number) => number

/** A series whose labels are encoded once. */
export type Encoded = { readonly labels: Buffer; readonly valueAt: ValueAt }

/** Protobuf: field 1 (labels) of TimeSeries; Prometheus wants them sorted by name. */
export function encodeSeries(labels: Labels, valueAt: ValueAt): Encoded {
  const pairs = Object.entries(labels).sort(([one], [other]) => (one < other ? -1 : 1))
  const parts = pairs.map(([name, text]) =>
    field(1, Buffer.concat([field(1, Buffer.from(name)), field(2, Buffer.from(text))])),
  )
  return { labels: Buffer.concat(parts), valueAt }
}

const seriesPerRequest = 20_000

/** Writes a sample at each of these times (Unix seconds, within an hour) into each series. */
export async function remoteWrite(
  url: string,
  series: readonly Encoded[],
  times: readonly number[],
): Promise<void> {
  for (let from = 0; from < series.length; from += seriesPerRequest) {
    const body = inSnappy(writeRequest(series.slice(from, from + seriesPerRequest), times))
    const response = await fetch(`${url}/api/v1/write`, {
      method: 'POST',
      headers: {
        'Content-Encoding': 'snappy',
        'Content-Type': 'application/x-protobuf',
        'X-Prometheus-Remote-Write-Version': '0.1.0',
      },
      body,
    })
    if (!response.ok) throw new Error(`remote write: ${response.status} ${await response.text()}`)
  }
}

/** Field 2 of TimeSeries: a value, which is filled in later, and a time in milliseconds. */
function sampleAt(seconds: number): Buffer {
  return field(
    2,
    Buffer.concat([Buffer.from([0x09]), Buffer.alloc(8), Buffer.from([0x10]), varint(seconds * 1000)]),
  )
}

/** Where the value stands in a sample: after the field's tag and length, and the value's tag. */
const valueOffset = 3

function writeRequest(series: readonly Encoded[], times: readonly number[]): Buffer {
  const samples = times.map(sampleAt)
  const template = Buffer.concat(samples)
  return Buffer.concat(
    series.flatMap(({ labels, valueAt }) => {
      const filled = Buffer.from(template)
      let offset = 0
      times.forEach((time, index) => {
        filled.writeDoubleLE(valueAt(time), offset + valueOffset)
        offset += samples[index]?.length ?? 0
      })
      return [tagAndLength(1, labels.length + filled.length), labels, filled]
    }),
  )
}

/** One literal that holds everything, without compression (format_description.txt of snappy). */
function inSnappy(data: Buffer): Buffer {
  const literal = Buffer.alloc(5)
  literal[0] = 63 << 2
  literal.writeUInt32LE(data.length - 1, 1)
  return Buffer.concat([varint(data.length), literal, data])
}

function field(number: number, content: Buffer): Buffer {
  return Buffer.concat([tagAndLength(number, content.length), content])
}

function tagAndLength(number: number, length: number): Buffer {
  return Buffer.concat([Buffer.from([(number << 3) | 2]), varint(length)])
}

function varint(value: number): Buffer {
  const bytes: number[] = []
  let rest = value
  while (rest >= 128) {
    bytes.push((rest % 128) | 128)
    rest = Math.floor(rest / 128)
  }
  return Buffer.from([...bytes, rest])
}
