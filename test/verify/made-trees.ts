// Trees of a snapshot in memory, for tests of what is chosen from them.

import type { Entry, ReadFailure, ReadResult } from '../../agent/kopia/cli/repository-reader.ts'

export type Reading = (directoryId: string, onEntry: (entry: Entry) => void) => Promise<ReadResult<undefined>>

/** An entry with its path; directories have all that is below them. */
export type Made = { readonly entry: Entry; readonly children: readonly Made[] }

export const ok = { ok: true, value: undefined } as const

/** Its object id is its name: names are given once in a tree. */
export function file(name: string, sizeBytes: number, type: Entry['type'] = 'file'): Made {
  return {
    entry: { name, type, objectId: name, sizeBytes, files: 1, modifiedNs: undefined },
    children: [],
  }
}

export function directory(name: string, children: readonly Made[]): Made {
  const sum = (of: (entry: Entry) => number) => children.reduce((total, { entry }) => total + of(entry), 0)
  const entry: Entry = {
    name,
    type: 'directory',
    objectId: `k${name}`,
    sizeBytes: sum(({ sizeBytes }) => sizeBytes),
    files: sum(({ files }) => files),
    modifiedNs: undefined,
  }
  return { entry, children }
}

/** All files and symbolic links of a tree. */
export function filesOf({ entry, children }: Made): readonly Entry[] {
  return entry.type === 'directory' ? children.flatMap(filesOf) : [entry]
}

/** Reads the made tree, and notes which directories were read. Those that are `damaged` can't be. */
export function reader(root: Made, damaged: ReadonlySet<string> = new Set()) {
  const directories = new Map<string, Made>()
  const add = (made: Made): void => {
    if (made.entry.type === 'directory') directories.set(made.entry.objectId, made)
    made.children.forEach(add)
  }
  add(root)
  const readings: string[] = []
  const failure: ReadFailure = { kind: 'missing_blob', reason: 'backed by missing blob p1' }
  const readDirectory: Reading = async (directoryId, onEntry) => {
    readings.push(directoryId)
    if (damaged.has(directoryId)) return { ok: false, failure }
    for (const { entry } of directories.get(directoryId)?.children ?? []) onEntry(entry)
    return ok
  }
  return { readDirectory, readings, failure }
}

/** A file in each of many directories, one inside the other. */
export function deepChain(levels: number): Made {
  let made = directory(`d${levels}`, [file(`f${levels}`, 10)])
  for (let level = levels - 1; level > 0; level--) {
    made = directory(`d${level}`, [file(`f${level}`, 10 + (level % 7) * 100), made])
  }
  return made
}

export function wide(count: number): Made {
  return directory(
    'wide',
    Array.from({ length: count }, (_, index) => file(`w${index}`, 1 + (index % 10))),
  )
}

/** One file has nearly all of the bytes, and hardly any of the files. */
export function oneHuge(): Made {
  const tiny = Array.from({ length: 99 }, (_, index) => file(`t${index}`, 1))
  return directory('root', [directory('many', tiny), file('huge', 1_000_000)])
}

/** Empty files, links, a lone large file far down, and folders of many sizes. */
export function mixed(): Made {
  const photos = Array.from({ length: 8 }, (_, year) =>
    directory(
      `year${year}`,
      Array.from({ length: 5 + year }, (_, index) => file(`photo${year}-${index}`, 1000 * (year + 1))),
    ),
  )
  const empty = Array.from({ length: 6 }, (_, index) => file(`empty${index}`, 0))
  const deep = directory('a', [directory('b', [directory('c', [file('database', 60_000), file('wal', 90)])])])
  return directory('root', [
    directory('photos', photos),
    directory('locks', empty),
    deep,
    file('link', 11, 'symlink'),
    directory('nothing', []),
    file('readme', 500),
  ])
}
