// Series as steps in time, and their samples in the notation of promtool's test files.

/** The value of a series from a time on: a constant, a function of time, or undefined if it is absent. */
export type Value = number | ((time: number) => number) | undefined

type Step = { readonly from: number; readonly value: Value }

/** A series (name and labels) and its steps, ordered by time. */
export type Track = readonly [string, readonly Step[]]
export type Tracks = Map<string, Step[]>

/** What a machine pushes: values by series. */
export type Metrics = ReadonlyMap<string, Value>

/** Sets the value of the series from `from` on. */
export function setFrom(tracks: Tracks, series: string, from: number, value: Value): void {
  const steps = tracks.get(series)
  if (steps === undefined) {
    if (value !== undefined) tracks.set(series, [{ from, value }])
    return
  }
  if (steps.at(-1)?.value !== value) steps.push({ from, value })
}

/** Unix seconds; `until` is excluded. */
export type TimeRange = { readonly from: number; readonly until: number }

export function isIn({ from, until }: TimeRange, time: number): boolean {
  return time >= from && time < until
}

/** One sample every `stepSeconds`, both ends included; undefined where the series is absent, and during `gap`. */
export function samplesOf(
  steps: readonly Step[],
  { from, until }: TimeRange,
  stepSeconds: number,
  gap: TimeRange,
): readonly (number | undefined)[] {
  const samples: (number | undefined)[] = []
  let current = -1
  for (let time = from; time <= until; time += stepSeconds) {
    for (let next = steps[current + 1]; next !== undefined && next.from <= time; next = steps[current + 1]) {
      current += 1
    }
    const value = isIn(gap, time) ? undefined : steps[current]?.value
    samples.push(typeof value === 'function' ? value(time) : value)
  }
  return samples
}

/** Formats samples for promtool: `5x9` is ten times 5, `0+3600x9` counts up, `_x9` is nine missing samples. */
export function inPromtoolNotation(samples: readonly (number | undefined)[]): string {
  const parts: string[] = []
  for (let from = 0; from < samples.length; ) {
    const step = stepAt(samples, from)
    let to = from + 1
    while (to < samples.length && follows(samples[to - 1], samples[to], step)) to += 1
    parts.push(partOf(samples[from], step, to - from))
    from = to
  }
  return parts.join(' ')
}

function stepAt(samples: readonly (number | undefined)[], index: number): number {
  const [one, two] = [samples[index], samples[index + 1]]
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
