// Series of one value an hour, written as promtool's test files want them.

export const hoursOfYear = 365 * 24

export type Values = (number | undefined)[]

/** Series by name and labels; an hour without a value is a gap. */
export type SeriesTable = Map<string, Values>

/** Enters one value. */
export function put(table: SeriesTable, series: string, hour: number, value: number): void {
  let values = table.get(series)
  if (values === undefined) {
    values = Array.from({ length: hoursOfYear }, () => undefined)
    table.set(series, values)
  }
  values[hour] = value
}

/** promtool's notation, in runs: `5x9` is 5 ten times, `0+3600x9` counts up, `_x9` is nothing nine times. */
export function inPromtoolNotation(values: Values): string {
  const parts: string[] = []
  for (let from = 0; from < values.length; ) {
    const first = values[from]
    const step = stepAt(values, from)
    let to = from + 1
    while (to < values.length && follows(values[to - 1], values[to], step)) to += 1
    parts.push(partOf(first, step, to - from))
    from = to
  }
  return parts.join(' ')
}

function stepAt(values: Values, index: number): number {
  const [one, two] = [values[index], values[index + 1]]
  return one === undefined || two === undefined ? 0 : two - one
}

function follows(one: number | undefined, two: number | undefined, step: number): boolean {
  if (one === undefined || two === undefined) return one === two
  return two - one === step
}

function partOf(value: number | undefined, step: number, count: number): string {
  if (value === undefined) return `_x${count}`
  if (count === 1) return String(value)
  return step === 0 ? `${value}x${count - 1}` : `${value}${step < 0 ? step : `+${step}`}x${count - 1}`
}

/** Numbers in [0, 1), the same for the same seed (mulberry32). */
export function createRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
