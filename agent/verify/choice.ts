// Chooses at random which files of a snapshot are restored: directory by directory, without listing the tree.

import type { Entry, ReadFailure, RepositoryReader } from '../kopia/cli/repository-reader.ts'

/** Paths of file systems end long before (4,096 bytes on Linux), so a deeper tree is damaged or hostile. */
const mostLevels = 1000
/** The first, and three more for picks that met only files that do not fit. */
const mostDescents = 4

export type Choice = {
  /** The path below the root; empty for a root that is a file. As the repository has it: it may be hostile. */
  readonly names: readonly string[]
  readonly entry: Entry
}

export type ChoiceResult =
  | { readonly ok: true; readonly chosen: readonly Choice[] }
  | {
      readonly ok: false
      readonly failure: ReadFailure
      /** The one that could not be read. */
      readonly directory: { readonly names: readonly string[]; readonly objectId: string }
    }

export type ChoiceOptions = {
  readonly readDirectory: RepositoryReader['readDirectory']
  /** In [0, 1). */
  readonly random: () => number
  /** Whether a file or symbolic link is small enough; one that is not is never chosen. */
  readonly fits: (entry: Entry) => boolean
}

/** What a pick goes by: each file has the same chance, or each byte. */
type Weighing = 'files' | 'bytes'

/** A directory that some picks have come to. */
type Place = Choice & { readonly picks: readonly Weighing[] }

/**
 * Chooses at most `count` files and symbolic links of the tree below `root`; fewer where picks coincide or find nothing that
 * fits. Half of the picks go by the number of files and half by bytes, so that many small files and a few large ones both get
 * their turn. Holds as much as there are picks, however large the directories are. Ends at the first directory that can't be read.
 */
export async function chooseFiles(root: Entry, count: number, options: ChoiceOptions): Promise<ChoiceResult> {
  if (root.type !== 'directory') {
    const isChosen = count > 0 && isFile(root) && options.fits(root)
    return { ok: true, chosen: isChosen ? [{ names: [], entry: root }] : [] }
  }
  const chosen = new Map<string, Choice>()
  let picks = weighings(count, options.random)
  for (let descents = 0; descents < mostDescents && picks.length > 0; descents++) {
    const descent = await descend({ names: [], entry: root, picks }, options)
    if (!descent.ok) return descent
    for (const choice of descent.chosen) chosen.set(keyOf(choice), choice)
    picks = descent.lost
  }
  return { ok: true, chosen: [...chosen.values()] }
}

/** In turns, with a random first, so that a single pick goes by either. */
function weighings(count: number, random: () => number): readonly Weighing[] {
  const first = random() < 0.5 ? 0 : 1
  return Array.from({ length: count }, (_, index) => ((index + first) % 2 === 0 ? 'files' : 'bytes'))
}

/** A hostile directory can have a name twice. */
function keyOf({ names, entry }: Choice): string {
  return JSON.stringify([names, entry.objectId])
}

type Descent =
  /** `lost`: picks that came to a directory with nothing to choose, or too deep. */
  | { readonly ok: true; readonly chosen: readonly Choice[]; readonly lost: readonly Weighing[] }
  | Extract<ChoiceResult, { ok: false }>

/** Lets all picks of `top` go down together, level by level, so that each directory is read once. */
async function descend(top: Place, options: ChoiceOptions): Promise<Descent> {
  const chosen: Choice[] = []
  const lost: Weighing[] = []
  let places: readonly Place[] = [top]
  for (let level = 0; level < mostLevels && places.length > 0; level++) {
    const below: Place[] = []
    for (const place of places) {
      const { names, entry } = place
      const drawn = await drawEntries(place, options)
      if (!drawn.ok) return { ...drawn, directory: { names, objectId: entry.objectId } }
      lost.push(...drawn.lost)
      for (const [next, picks] of drawn.entries) {
        const choice = { names: [...names, next.name], entry: next }
        if (next.type === 'directory') below.push({ ...choice, picks })
        else chosen.push(choice)
      }
    }
    places = below
  }
  return { ok: true, chosen, lost: [...lost, ...places.flatMap(({ picks }) => picks)] }
}

type Drawn =
  | {
      readonly ok: true
      readonly entries: ReadonlyMap<Entry, readonly Weighing[]>
      readonly lost: readonly Weighing[]
    }
  | { readonly ok: false; readonly failure: ReadFailure }

/** Reads a directory once; each pick draws one of its entries. */
async function drawEntries({ entry, picks }: Place, options: ChoiceOptions): Promise<Drawn> {
  const draws = picks.map((weighing) => ({ weighing, draw: createDraw(weighing, options.random) }))
  const read = await options.readDirectory(entry.objectId, (found) => {
    if (!canBeDrawn(found, options)) return
    for (const { draw } of draws) draw.offer(found)
  })
  if (!read.ok) return read
  const entries = new Map<Entry, Weighing[]>()
  const lost: Weighing[] = []
  for (const { weighing, draw } of draws) {
    const kept = draw.kept()
    if (kept === undefined) lost.push(weighing)
    else entries.set(kept, [...(entries.get(kept) ?? []), weighing])
  }
  return { ok: true, entries, lost }
}

function canBeDrawn(entry: Entry, { fits }: ChoiceOptions): boolean {
  return entry.type === 'directory' || (isFile(entry) && fits(entry))
}

function isFile({ type }: Entry): boolean {
  return type === 'file' || type === 'symlink'
}

type Draw = { readonly offer: (entry: Entry) => void; readonly kept: () => Entry | undefined }

/** Where nothing has a byte, bytes can't decide, so files do. */
function createDraw(weighing: Weighing, random: () => number): Draw {
  const byFiles = createReservoir(({ type, files }) => (type === 'directory' ? files : 1), random)
  if (weighing === 'files') return byFiles
  const byBytes = createReservoir(({ sizeBytes }) => sizeBytes, random)
  return {
    offer: (entry) => {
      byFiles.offer(entry)
      byBytes.offer(entry)
    },
    kept: () => byBytes.kept() ?? byFiles.kept(),
  }
}

/** Keeps one entry of all that it is offered, each with the chance of its weight (weighted reservoir sampling, Chao 1982). */
function createReservoir(weightOf: (entry: Entry) => number, random: () => number): Draw {
  let total = 0
  let kept: Entry | undefined
  return {
    offer: (entry) => {
      const weight = weightOf(entry)
      if (!(weight > 0 && Number.isFinite(weight))) return
      total += weight
      if (random() * total < weight) kept = entry
    },
    kept: () => kept,
  }
}
