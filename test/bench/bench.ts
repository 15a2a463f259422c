// What every bench is and returns: figures for the table, promises with their limits, lines for the plots.

export type Bench = {
  /** NAME in `npm run bench -- NAME`. */
  readonly name: string
  /** What it measures, and against what, in one line. */
  readonly question: string
  readonly run: (options: BenchOptions) => Promise<Result>
}

export type BenchOptions = {
  /** `long` (`--long`) runs for as long as the promise says, where the usual run is shorter. */
  readonly length: 'usual' | 'long'
}

export type Result = {
  readonly rows: readonly Row[]
  readonly verdicts: readonly Verdict[]
  readonly plots?: readonly Plot[]
}

export type Unit =
  | 'ms'
  | 's'
  | 'CPU ms'
  | 'CPU s'
  | 'MiB'
  | 'MB/s'
  | '×'
  | '%'
  | 'calls'
  | 'requests'
  | 'samples'
  | ''

/** All measurements of one thing; the table shows their median and spread. */
export type Row = { readonly what: string; readonly unit: Unit; readonly values: readonly number[] }

/** A promise of the design, and what the bench measured. */
export type Verdict = {
  readonly promise: string
  readonly unit: Unit
  readonly reached: number
  readonly limit: number
  /** Whether the limit is the upper or the lower one. */
  readonly bound: 'at most' | 'at least'
}

export type Plot = {
  /** Part of the file's name. */
  readonly name: string
  readonly title: string
  readonly x: Axis
  readonly y: Axis
  readonly lines: readonly PlotLine[]
}

export type Axis = { readonly label: string; readonly scale: 'linear' | 'log' }
export type PlotLine = {
  readonly name: string
  readonly points: readonly (readonly [x: number, y: number])[]
}

/** The value below which the share `of` (0 to 1) of the values lies; NaN without values. */
export function quantile(values: readonly number[], of: number): number {
  const sorted = [...values].sort((one, other) => one - other)
  const place = (sorted.length - 1) * of
  const below = sorted[Math.floor(place)] ?? Number.NaN
  const above = sorted[Math.ceil(place)] ?? Number.NaN
  return below + (above - below) * (place - Math.floor(place))
}

/** The middle value. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5)
}

/** Whether the promise is kept; a value that was not measured (NaN) keeps none. */
export function isMet({ reached, limit, bound }: Verdict): boolean {
  return bound === 'at most' ? reached <= limit : reached >= limit
}
