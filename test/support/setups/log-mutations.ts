// Mutates and reorders the records of real logs, the same way for the same random numbers.

export type Random = () => number

/** The records of a log, each with its continuation lines. */
export function recordsOf(log: string): readonly string[] {
  return log.split(/\n(?=\d{4}-\d\d-\d\dT)/).map((record) => record.replace(/\n$/, ''))
}

/** A number of 0 to `count` - 1. */
export function pick(count: number, random: Random): number {
  return Math.floor(random() * count)
}

export function pickOf<T>(items: readonly T[], random: Random): T | undefined {
  return items[pick(items.length, random)]
}

type Mutation = (records: readonly string[], pool: Pool, random: Random) => readonly string[]

/** What mutations put in: the records of all logs, and the sources and snapshot ids in them. */
export type Pool = {
  readonly logs: readonly (readonly string[])[]
  readonly sources: readonly string[]
  readonly snapshotIds: readonly string[]
}

const sourcePattern = /root@vm:\/data\/\w+/
const idPattern = /(?<=and ID |created snapshot )\w+/

/** The pool of the logs. */
export function poolOf(logs: readonly (readonly string[])[]): Pool {
  const all = logs.flat()
  const found = (pattern: RegExp) => [...new Set(all.flatMap((record) => pattern.exec(record)?.[0] ?? []))]
  return { logs, sources: found(sourcePattern), snapshotIds: found(idPattern) }
}

const mutations: readonly Mutation[] = [
  // A cut end and a cut beginning.
  (records, _, random) => records.slice(0, pick(records.length + 1, random)),
  (records, _, random) => records.slice(pick(records.length, random)),
  // Lost records.
  (records, _, random) => records.filter(() => random() > 0.1),
  // One record twice, at any place.
  (records, _, random) => records.toSpliced(pick(records.length, random), 0, pickOf(records, random) ?? ''),
  // Records of another log among them.
  (records, { logs }, random) => {
    const other = pickOf(logs, random) ?? []
    const from = pick(other.length, random)
    return records.toSpliced(pick(records.length, random), 0, ...other.slice(from, from + 10))
  },
  // Two records in each other's place, with and without their times.
  (records, _, random) => {
    const [one, other] = [pick(records.length, random), pick(records.length, random)]
    return records.with(one, records[other] ?? '').with(other, records[one] ?? '')
  },
  (records, _, random) => {
    const [one, other] = [pick(records.length, random), pick(records.length, random)]
    const [first = '', second = ''] = [records[one], records[other]]
    return records
      .with(one, first.slice(0, timeLength) + second.slice(timeLength))
      .with(other, second.slice(0, timeLength) + first.slice(timeLength))
  },
  // Ten records in a new order.
  (records, _, random) => {
    const from = pick(records.length, random)
    const part = records.slice(from, from + 10).map((record) => ({ record, rank: random() }))
    part.sort((one, other) => one.rank - other.rank)
    return records.toSpliced(from, part.length, ...part.map(({ record }) => record))
  },
  // Another source, and another snapshot.
  (records, { sources }, random) =>
    changeOne(records, sourcePattern, random, (record) =>
      record.replace(sourcePattern, () => pickOf(sources, random) ?? ''),
    ),
  (records, { snapshotIds }, random) =>
    changeOne(records, idPattern, random, (record) =>
      record.replace(idPattern, () => pickOf(snapshotIds, random) ?? ''),
    ),
  // A damaged character.
  (records, _, random) =>
    changeOne(records, /./, random, (record) => {
      const at = pick(record.length, random)
      return record.slice(0, at) + String.fromCharCode(32 + pick(95, random)) + record.slice(at + 1)
    }),
]

/** `2026-11-27T17:12:39.668608Z` */
const timeLength = 27

/** Mutates the records one to four times. */
export function mutate(records: readonly string[], pool: Pool, random: Random): readonly string[] {
  let mutated = records
  for (let left = 1 + pick(4, random); left > 0 && mutated.length > 0; left -= 1) {
    const mutation = pickOf(mutations, random)
    if (mutation !== undefined) mutated = mutation(mutated, pool, random)
  }
  return mutated
}

function changeOne(
  records: readonly string[],
  pattern: RegExp,
  random: Random,
  change: (record: string) => string,
): readonly string[] {
  const places = [...records.keys()].filter((place) => pattern.test(records[place] ?? ''))
  const place = pickOf(places, random)
  return place === undefined ? records : records.with(place, change(records[place] ?? ''))
}
