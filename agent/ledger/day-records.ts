// Records of the last weeks, one a day at most, as flat lists of numbers: the last end of the day, then figures.

const daySeconds = 86_400
/** The longest window is four weeks, the last three days left out. */
export const keptSeconds = 31 * daySeconds

export type DayRecord = readonly [end: number, ...figures: number[]]
/** Makes one figure of two of the same day; `index` counts the figures of a record. */
export type Merge = (one: number, other: number, index: number) => number

/** Unix seconds. */
export type Period = { readonly from: number; readonly until: number }

/** Merges records of the same day (UTC), and drops those that were not the last one at any time that is still needed. */
export function withRecords(
  flat: readonly number[],
  more: readonly DayRecord[],
  merge: Merge,
): readonly number[] {
  if (more.length === 0) return flat
  const width = more[0]?.length ?? 1
  const records = [...recordsOf(flat, width), ...more].sort(([one], [other]) => one - other)
  const byDay = new Map<number, DayRecord>()
  for (const record of records) {
    const dayNumber = Math.floor(record[0] / daySeconds)
    byDay.set(dayNumber, mergedRecord(byDay.get(dayNumber), record, merge))
  }
  const days = [...byDay.values()]
  const newest = days.at(-1)?.[0] ?? 0
  const first = days.findLastIndex(([end]) => end <= newest - keptSeconds)
  return days.slice(Math.max(0, first)).flat()
}

function mergedRecord(known: DayRecord | undefined, record: DayRecord, merge: Merge): DayRecord {
  if (known === undefined) return record
  const [, ...before] = known
  const [end, ...figures] = record
  return [end, ...figures.map((figure, index) => merge(before[index] ?? figure, figure, index))]
}

type Figure = { readonly width: number; readonly index: number }
type Choice = (one: number, other: number) => number

/** A record is in force from its end to the next one's. Each push asks this for up to 10,000 sources, so it builds no lists. */
export function bestInForce(
  flat: readonly number[],
  { width, index }: Figure,
  { from, until }: Period,
  better: Choice,
): number | undefined {
  let best: number | undefined
  for (let at = 0; at < flat.length; at += width) {
    const [end = 0, nextEnd = Infinity, figure = 0] = [flat[at], flat[at + width], flat[at + index]]
    if (end <= until && nextEnd > from) best = best === undefined ? figure : better(best, figure)
  }
  return best
}

function recordsOf(flat: readonly number[], width: number): readonly DayRecord[] {
  return Array.from({ length: flat.length / width }, (_, index) => {
    const [end = 0, ...figures] = flat.slice(index * width, (index + 1) * width)
    return [end, ...figures]
  })
}

/** The records whose end passes the test. */
export function recordsUntil(
  flat: readonly number[],
  width: number,
  isPast: (end: number) => boolean,
): readonly number[] {
  return recordsOf(flat, width)
    .filter(([end]) => isPast(end))
    .flat()
}
