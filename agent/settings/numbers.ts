// The formats of settings that are numbers.

/** Parses a positive number such as `0.5`; throws for anything else. */
export function parseFactor(value: string): number {
  const factor = /^\d+(\.\d+)?$/.test(value) ? Number(value) : 0
  if (!(factor > 0)) throw new Error('expected a number above 0 such as 0.5')
  return factor
}

/** Parses a percentage from `0` to `100`, such as `0.5`; throws for anything else. */
export function parsePercent(value: string): number {
  const percent = /^\d+(\.\d+)?$/.test(value) ? Number(value) : Number.NaN
  if (!(percent <= 100)) throw new Error('expected a percentage from 0 to 100 such as 0.5')
  return percent
}

const mostCount = 1000

/** Parses a whole number from 0 to 1000; throws for anything else. */
export function parseCount(value: string): number {
  const count = /^\d+$/.test(value) ? Number(value) : Number.NaN
  if (!(count <= mostCount)) throw new Error(`expected a whole number from 0 to ${mostCount}`)
  return count
}

/** The same from 1 on. */
export function parsePositiveCount(value: string): number {
  const count = parseCount(value)
  if (count === 0) throw new Error(`expected a whole number from 1 to ${mostCount}`)
  return count
}

const bytesPerUnit: Readonly<Record<string, number>> = {
  B: 1,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
}

/** Parses `500MiB` or `1GiB` into bytes; throws for anything else, 0 included. */
export function parseBytes(value: string): number {
  const [, number, unit = ''] = /^(\d+)(B|KiB|MiB|GiB|TiB)$/.exec(value) ?? []
  const bytes = Number(number) * (bytesPerUnit[unit] ?? 0)
  if (!(bytes > 0 && Number.isSafeInteger(bytes)))
    throw new Error('expected a number of bytes such as 500MiB or 1GiB')
  return bytes
}
