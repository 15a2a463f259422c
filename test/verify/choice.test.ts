// Which files are chosen to be restored: each as often as its share says, from trees of every form.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { Entry } from '../../agent/kopia/cli/repository-reader.ts'
import { type Choice, type ChoiceResult, chooseFiles } from '../../agent/verify/choice.ts'
import { createRandom } from '../support/random.ts'
import {
  deepChain,
  directory,
  file,
  filesOf,
  type Made,
  mixed,
  ok,
  oneHuge,
  reader,
  wide,
} from './made-trees.ts'

const fits = () => true

function chosenOf(result: ChoiceResult): readonly Choice[] {
  if (!result.ok) assert.fail(result.failure.reason)
  return result.chosen
}

function paths(result: ChoiceResult): readonly string[] {
  return chosenOf(result).map(({ names }) => names.join('/'))
}

/** The chance of each file in a single pick that goes by files or by bytes with the same chance. */
function chancesOf(root: Made): ReadonlyMap<string, number> {
  const { files, sizeBytes } = root.entry
  return new Map(
    filesOf(root).map((entry) => [entry.objectId, (1 / files + entry.sizeBytes / sizeBytes) / 2] as const),
  )
}

/** How often each file was chosen in so many runs with one pick. */
async function countChoices(root: Made, runs: number, seed: number): Promise<ReadonlyMap<string, number>> {
  const { readDirectory } = reader(root)
  const random = createRandom(seed)
  const counts = new Map<string, number>()
  for (let run = 0; run < runs; run++) {
    const chosen = chosenOf(await chooseFiles(root.entry, 1, { readDirectory, random, fits }))
    assert.equal(chosen.length, 1)
    for (const { entry } of chosen) counts.set(entry.objectId, (counts.get(entry.objectId) ?? 0) + 1)
  }
  return counts
}

/** Puts files together, in their order, until each group is to be chosen 20 times, as the test of chi square needs. */
function groupsOf(root: Made, counts: ReadonlyMap<string, number>, runs: number) {
  const groups: { expected: number; found: number }[] = []
  let group = { expected: 0, found: 0 }
  for (const [objectId, chance] of chancesOf(root)) {
    group.expected += chance * runs
    group.found += counts.get(objectId) ?? 0
    if (group.expected < 20) continue
    groups.push(group)
    group = { expected: 0, found: 0 }
  }
  return [...groups.slice(0, -1), merged(groups.at(-1), group)]
}

function merged(last = { expected: 0, found: 0 }, rest = { expected: 0, found: 0 }) {
  return { expected: last.expected + rest.expected, found: last.found + rest.found }
}

/** What chi square stays below with a chance of 99.9 % (Wilson and Hilferty's approximation). */
function mostChiSquare(degrees: number): number {
  const variance = 2 / (9 * degrees)
  return degrees * (1 - variance + 3.09 * Math.sqrt(variance)) ** 3
}

const trees: Readonly<Record<string, { readonly root: Made; readonly runs: number }>> = {
  'a deep chain': { root: deepChain(60), runs: 6000 },
  'a wide directory of 10,000': { root: wide(10_000), runs: 1500 },
  'one huge file among many tiny ones': { root: oneHuge(), runs: 10_000 },
  'a mixed tree': { root: mixed(), runs: 10_000 },
}

for (const [name, { root, runs }] of Object.entries(trees)) {
  test(`each file is chosen as often as its share of files and bytes says: ${name}`, async () => {
    const counts = await countChoices(root, runs, 18)
    const groups = groupsOf(root, counts, runs)
    assert.ok(groups.length > 10, `${groups.length}`)
    const chiSquare = groups.reduce((sum, { expected, found }) => sum + (found - expected) ** 2 / expected, 0)
    assert.ok(chiSquare < mostChiSquare(groups.length - 1), `${chiSquare} of ${groups.length} groups`)
  })
}

test('the huge file and the tiny ones each get half of the picks', async () => {
  const runs = 10_000
  const huge = (await countChoices(oneHuge(), runs, 7)).get('huge') ?? 0
  // 0.505: half by bytes, and one of a hundred files. Three standard deviations are 0.015.
  assert.ok(Math.abs(huge / runs - 0.505) < 0.015, `${huge}`)
})

/** The chance that at least one of `picks` picks hits what has these shares. */
function chanceOfHit(picks: number, shares: { readonly files: number; readonly bytes: number }): number {
  const [more, fewer] = [Math.ceil(picks / 2), Math.floor(picks / 2)]
  const missed = (files: number, bytes: number) => (1 - shares.files) ** files * (1 - shares.bytes) ** bytes
  return 1 - (missed(more, fewer) + missed(fewer, more)) / 2
}

/** Shares of damaged files, and of what is below damaged directories. */
function sharesOf(root: Made, damaged: ReadonlySet<string>) {
  const hit = (made: Made): readonly Entry[] =>
    damaged.has(made.entry.objectId) ? filesOf(made) : made.children.flatMap(hit)
  const entries = hit(root)
  const bytes = entries.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  return { files: entries.length / root.entry.files, bytes: bytes / root.entry.sizeBytes }
}

async function isFound(root: Made, picks: number, damaged: ReadonlySet<string>, random: () => number) {
  const { readDirectory } = reader(root, damaged)
  const result = await chooseFiles(root.entry, picks, { readDirectory, random, fits })
  return !result.ok || result.chosen.some(({ entry }) => damaged.has(entry.objectId))
}

const photos = [
  'photo7-0',
  'photo7-1',
  'photo6-4',
  'photo5-0',
  'photo3-2',
  'photo2-1',
  'photo0-0',
  'photo0-4',
]
const damages: Readonly<Record<string, { root: Made; picks: number; damaged: readonly string[] }>> = {
  'a pack with files of every size': { root: mixed(), picks: 3, damaged: photos },
  'one large file deep in the tree': { root: mixed(), picks: 3, damaged: ['database'] },
  'many files without a byte': { root: mixed(), picks: 3, damaged: ['empty0', 'empty1', 'empty2'] },
  'a symbolic link': { root: mixed(), picks: 3, damaged: ['link'] },
  'a directory': { root: mixed(), picks: 3, damaged: ['kyear4'] },
  'a directory at the end of a chain': { root: deepChain(30), picks: 3, damaged: ['kd28'] },
  'the huge file': { root: oneHuge(), picks: 1, damaged: ['huge'] },
  'some of the tiny files beside a huge one': { root: oneHuge(), picks: 2, damaged: ['t3', 't50', 't98'] },
  'one of a hundred files': { root: wide(100), picks: 3, damaged: ['w0'] },
}

for (const [name, { root, picks, damaged }] of Object.entries(damages)) {
  test(`damage is found within the number of runs that its share predicts: ${name}`, async () => {
    const chance = chanceOfHit(picks, sharesOf(root, new Set(damaged)))
    const quantile = (share: number) => Math.ceil(Math.log(1 - share) / Math.log(1 - chance))
    const within = { half: quantile(0.5), most: quantile(0.99) }
    const seeds = 600
    const found = { half: 0, most: 0 }
    for (let seed = 1; seed <= seeds; seed++) {
      const random = createRandom(seed * 7919)
      let runs = 1
      while (runs <= within.most && !(await isFound(root, picks, new Set(damaged), random))) runs++
      if (runs <= within.half) found.half++
      if (runs <= within.most) found.most++
    }
    assert.ok(found.most >= 0.98 * seeds, `${found.most} of ${seeds} within ${within.most} runs`)
    // Not sooner either: the chance of a hit in so many runs, and three standard deviations of 600 seeds.
    const half = 1 - (1 - chance) ** within.half
    assert.ok(
      Math.abs(found.half / seeds - half) < 3 * Math.sqrt((half * (1 - half)) / seeds),
      `${found.half} of ${seeds} within ${within.half} runs, expected ${half}`,
    )
  })
}

test('of a million entries hardly any is kept', async () => {
  setFlagsFromString('--expose-gc')
  const collectGarbage: () => void = runInNewContext('gc')
  const count = 1_000_000
  const root: Entry = {
    name: '',
    type: 'directory',
    objectId: 'kroot',
    sizeBytes: count,
    files: count,
    modifiedNs: undefined,
  }
  const entries: WeakRef<Entry>[] = []
  let alive: number | undefined
  const result = await chooseFiles(root, 6, {
    random: createRandom(3),
    fits,
    readDirectory: async (_directoryId, onEntry) => {
      for (let index = 0; index < count; index++) {
        const { entry } = file(`${index}`, 1)
        if (index % 100 === 0) entries.push(new WeakRef(entry))
        onEntry(entry)
      }
      await setImmediate()
      collectGarbage()
      alive = entries.filter((entry) => entry.deref() !== undefined).length
      return ok
    },
  })
  assert.equal(chosenOf(result).length, 6)
  // Each pick keeps one entry, or one by bytes and one by files.
  assert.ok(alive !== undefined && alive <= 9, `${alive} of ${entries.length}`)
})

test('all picks that come to a directory share one reading of it', async () => {
  const { readDirectory, readings } = reader(mixed())
  const chosen = chosenOf(
    await chooseFiles(mixed().entry, 40, { readDirectory, random: createRandom(1), fits }),
  )
  assert.deepEqual(readings, [...new Set(readings)])
  assert.ok(chosen.length > 10 && chosen.length < 40, `${chosen.length}`)
})

test('a file is chosen once, with its path', async () => {
  const root = directory('root', [directory('a', [directory('b', [file('only', 5)])])])
  const { readDirectory } = reader(root)
  const result = await chooseFiles(root.entry, 10, { readDirectory, random: createRandom(1), fits })
  assert.deepEqual(chosenOf(result), [{ names: ['a', 'b', 'only'], entry: file('only', 5).entry }])
})

test('where nothing has a byte, each file has the same chance', async () => {
  const root = directory('root', [file('x', 0), directory('a', [file('y', 0), file('z', 0)])])
  const counts = await countChoices(root, 3000, 5)
  for (const name of ['x', 'y', 'z']) {
    assert.ok(Math.abs((counts.get(name) ?? 0) - 1000) < 80, `${name}: ${counts.get(name)}`)
  }
})

for (const type of ['file', 'symlink'] as const) {
  test(`a root that is itself a ${type} is the only choice`, async () => {
    const { entry } = file('dump.sql', 5, type)
    const { readDirectory, readings } = reader(directory('root', []))
    const result = await chooseFiles(entry, 3, { readDirectory, random: createRandom(1), fits })
    assert.deepEqual(chosenOf(result), [{ names: [], entry }])
    assert.deepEqual(readings, [])
  })
}

test('a root that is itself a file is not chosen where it does not fit, or where no file is asked for', async () => {
  const { entry } = file('dump.sql', 5)
  const options = { ...reader(directory('root', [])), random: createRandom(1) }
  assert.deepEqual(chosenOf(await chooseFiles(entry, 3, { ...options, fits: () => false })), [])
  assert.deepEqual(chosenOf(await chooseFiles(entry, 0, { ...options, fits })), [])
})

test('no directory is read where no file is asked for', async () => {
  const { readDirectory, readings } = reader(mixed())
  const result = await chooseFiles(mixed().entry, 0, { readDirectory, random: createRandom(1), fits })
  assert.deepEqual(chosenOf(result), [])
  assert.deepEqual(readings, [])
})

test('files that do not fit are never chosen', async () => {
  const root = directory('root', [file('huge', 1e9), file('small', 1), file('socket', 1e6, 'other')])
  const { readDirectory } = reader(root)
  const small = ({ sizeBytes }: Entry) => sizeBytes < 100
  for (let seed = 0; seed < 50; seed++) {
    const random = createRandom(seed)
    assert.deepEqual(paths(await chooseFiles(root.entry, 2, { readDirectory, random, fits: small })), [
      'small',
    ])
  }
})

test('a pick that comes to nothing that fits begins anew at most three times', async () => {
  const root = directory('root', [
    directory('images', [file('disk.img', 1e9)]),
    directory('small', [file('note', 1000)]),
  ])
  const { readDirectory, readings } = reader(root)
  const small = ({ sizeBytes }: Entry) => sizeBytes <= 1000
  const chosen: number[] = []
  for (let seed = 0; seed < 400; seed++) {
    const random = createRandom(seed)
    readings.length = 0
    const result = await chooseFiles(root.entry, 1, { readDirectory, random, fits: small })
    chosen.push(chosenOf(result).length)
    const descents = readings.filter((directoryId) => directoryId === 'kroot').length
    assert.ok(descents <= 4, `${descents}`)
    if (chosen.at(-1) === 0) assert.equal(descents, 4)
  }
  // Half of the picks go by bytes and meet only the image; of those by files one in sixteen meets it four times.
  const found = chosen.reduce((sum, count) => sum + count, 0) / chosen.length
  assert.ok(Math.abs(found - 15 / 32) < 0.075, `${found}`)
})

test('a directory that says it has files but has none is a dead end', async () => {
  const empty = directory('liar', [])
  const liar: Made = { ...empty, entry: { ...empty.entry, files: 5, sizeBytes: 5 } }
  const { readDirectory, readings } = reader(directory('root', [liar]))
  const random = createRandom(1)
  const root = directory('root', [liar]).entry
  assert.deepEqual(chosenOf(await chooseFiles(root, 1, { readDirectory, random, fits })), [])
  assert.equal(readings.length, 8)
})

test('a directory that cannot be read is reported with its path and object id', async () => {
  const root = directory('root', [directory('a', [directory('..', [file('x', 1)])])])
  const { readDirectory, failure } = reader(root, new Set(['k..']))
  const result = await chooseFiles(root.entry, 2, { readDirectory, random: createRandom(1), fits })
  assert.deepEqual(result, { ok: false, failure, directory: { names: ['a', '..'], objectId: 'k..' } })
})

test('a root that cannot be read has no names', async () => {
  const { readDirectory, failure } = reader(mixed(), new Set(['kroot']))
  const result = await chooseFiles(mixed().entry, 1, { readDirectory, random: createRandom(1), fits })
  assert.deepEqual(result, { ok: false, failure, directory: { names: [], objectId: 'kroot' } })
})

test('a tree that goes round in circles is left after 1,000 levels', async () => {
  const { entry } = directory('loop', [file('x', 1)])
  let readings = 0
  const result = await chooseFiles(entry, 2, {
    random: createRandom(1),
    fits,
    readDirectory: async (_directoryId, onEntry) => {
      readings++
      onEntry({ ...entry })
      return ok
    },
  })
  assert.deepEqual(chosenOf(result), [])
  assert.equal(readings, 4 * 1000)
})

test('a file 999 directories down can be chosen, one of 1,000 down is not', async () => {
  for (const [levels, count] of [
    [1000, 1],
    [1001, 0],
  ] as const) {
    let root = directory('end', [file('x', 1)])
    for (let level = 1; level < levels; level++) root = directory(`d${level}`, [root])
    const { readDirectory } = reader(root)
    const result = await chooseFiles(root.entry, 1, { readDirectory, random: createRandom(1), fits })
    assert.equal(chosenOf(result).length, count, `${levels}`)
  }
})

test('hostile names and figures are only data', async () => {
  const names = ['..', '.', '', '/', 'a/../../b', '__proto__', '\u0000', 'same', 'same', '\ud800']
  const entries = names.map((name, index) => ({ ...file(name, 1).entry, objectId: `o${index}` }))
  const wrong = [Number.NaN, -1, Number.POSITIVE_INFINITY].map((figure) => ({
    ...directory('wrong', []).entry,
    sizeBytes: figure,
    files: figure,
  }))
  const result = await chooseFiles(directory('root', []).entry, 400, {
    random: createRandom(1),
    fits,
    readDirectory: async (_directoryId, onEntry) => {
      for (const entry of [...wrong, ...entries]) onEntry(entry)
      return ok
    },
  })
  const sorted = chosenOf(result).toSorted((a, b) => a.entry.objectId.localeCompare(b.entry.objectId))
  assert.deepEqual(
    sorted,
    entries.map((entry) => ({ names: [entry.name], entry })),
  )
})
