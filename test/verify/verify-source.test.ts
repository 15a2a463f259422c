// What a verification makes of what it reads: proven, faulty, or nothing found out.

import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import { type TestContext, test } from 'node:test'
import type { ReadFailure } from '../../agent/kopia/cli/repository-reader.ts'
import type { Fault, Verdict } from '../../agent/ledger/proof.ts'
import type { SourceVerification } from '../../agent/verify/source-verification.ts'
import { type SourceResult, verifySource } from '../../agent/verify/verify-source.ts'
import { temporaryFolder } from '../support/folder.ts'
import { createRandom } from '../support/random.ts'
import { type MadeRepository, madeRepository } from './made-reader.ts'
import { directory, file, type Made, mixed } from './made-trees.ts'

const mebibyte = 2 ** 20

async function setup(context: TestContext, tree: Made = mixed(), seed = 1) {
  const restoreFolder = await temporaryFolder(context)
  const repository = madeRepository(tree, createRandom(seed))
  const forgotten: number[] = []
  const verify = async (change: Partial<SourceVerification> = {}): Promise<SourceResult> => {
    const result = await verifySource({
      reader: repository.reader,
      workspace: { restoreFolder, forgetContents: async () => void forgotten.push(1) },
      root: repository.root,
      knownFaults: [],
      percent: 1,
      restoreFiles: 3,
      parallel: 1,
      mostBytes: 100 * mebibyte,
      isHere: false,
      random: createRandom(seed + 1),
      onProgress: () => undefined,
      ...change,
    })
    assert.deepEqual(await readdir(restoreFolder), [], 'nothing that was restored is left')
    return result
  }
  return { repository, verify, forgotten }
}

function verdictOf(result: SourceResult): Verdict {
  if (result.outcome !== 'proven' && result.outcome !== 'faulty') assert.fail(`no verdict: ${result.outcome}`)
  return result
}

function faultsOf(result: SourceResult): readonly string[] {
  return verdictOf(result).faults.map(({ kind, path }) => `${kind} ${path}`)
}

function damage(
  repository: MadeRepository,
  objectId: string,
  kind: 'missing_blob' | 'checksum' | 'read',
): void {
  repository.damage.set(objectId, kind)
}

test('a good snapshot is proven, with what was found, read and restored', async (context) => {
  const { verify, repository } = await setup(context)
  const verdict = verdictOf(await verify({ percent: 100, restoreFiles: 0 }))
  const { sizeBytes } = repository.root.root
  assert.deepEqual(verdict.outcome, 'proven')
  assert.deepEqual([verdict.snapshotId, verdict.snapshotStartedAt], ['s1', 1000])
  assert.deepEqual([verdict.objects, verdict.readBytes, verdict.restoredFiles], [93, sizeBytes, 0])
  assert.deepEqual(verdict.errors, { missing_blob: 0, checksum: 0, read: 0, differs: 0, timeout: 0 })
  const restored = verdictOf(await verify({ percent: 0, restoreFiles: 4 }))
  assert.equal(restored.outcome, 'proven')
  assert.equal(restored.restoredFiles, 4)
})

test('the contents of each file are read twice from the repository, never from what the first reading left', async (context) => {
  const { verify, repository, forgotten } = await setup(context, directory('root', [file('one', 10)]))
  await verify({ percent: 0, restoreFiles: 1 })
  assert.deepEqual(
    repository.calls.filter((call) => /restore|read/.test(call)),
    ['restore one', 'read one'],
  )
  assert.equal(forgotten.length, 2)
})

test('a missing blob is found without reading', async (context) => {
  const { verify, repository } = await setup(context)
  damage(repository, 'photo3-2', 'missing_blob')
  const result = await verify({ percent: 0, restoreFiles: 0 })
  assert.deepEqual(faultsOf(result), ['missing_blob photos/year3/photo3-2'])
  assert.equal(verdictOf(result).errors.missing_blob, 1)
})

test('a file that cannot be restored is a fault, and the others are restored all the same', async (context) => {
  const tree = directory('root', [file('bad', 100), file('good', 100)])
  const { verify, repository } = await setup(context, tree)
  damage(repository, 'bad', 'checksum')
  const verdict = verdictOf(await verify({ percent: 0, restoreFiles: 20 }))
  assert.deepEqual([verdict.errors.checksum, verdict.restoredFiles], [1, 1])
})

test('a directory that cannot be read is a fault of its own path', async (context) => {
  const { verify, repository } = await setup(context, directory('root', [directory('inner', [file('f', 9)])]))
  damage(repository, 'kinner', 'checksum')
  assert.deepEqual(faultsOf(await verify({ percent: 0 })), ['checksum inner'])
})

test('a fault that was found is found again whatever chance chooses, until it can be read', async (context) => {
  const { verify, repository } = await setup(context)
  damage(repository, 'database', 'checksum')
  const found = verdictOf(await verify({ percent: 100, restoreFiles: 0 }))
  assert.deepEqual(faultsOf(found), ['checksum a/b/c/database'])
  const later = { percent: 0, restoreFiles: 0, knownFaults: found.faults }
  const again = verdictOf(await verify(later))
  assert.deepEqual([again.outcome, again.errors.checksum], ['faulty', 1])
  assert.deepEqual(again.faults, found.faults)
  repository.damage.clear()
  assert.equal((await verify({ ...later, knownFaults: again.faults })).outcome, 'proven')
})

test('a fault is gone with its file, and belongs to the newest snapshot while that has it', async (context) => {
  const old: Fault = {
    kind: 'checksum',
    snapshotId: 's0',
    rootId: 'kold',
    path: 'locks/empty1',
    reason: 'old',
  }
  const { verify, repository } = await setup(context)
  damage(repository, 'empty1', 'checksum')
  const verdict = verdictOf(await verify({ percent: 0, restoreFiles: 0, knownFaults: [old] }))
  assert.deepEqual(verdict.faults, [
    { ...old, snapshotId: 's1', rootId: 'kroot', reason: 'empty1 is damaged' },
  ])
  const gone = { ...old, path: 'locks/deleted-since' }
  assert.equal((await verify({ percent: 0, restoreFiles: 0, knownFaults: [gone] })).outcome, 'proven')
})

test('an object that Kopia names without a path is read again itself, until it is readable or deleted', async (context) => {
  const { verify, repository } = await setup(context)
  const { reader } = repository
  damage(repository, 'database', 'checksum')
  const withoutPath: typeof reader.verifySnapshot = async (...given) => {
    const answer = await reader.verifySnapshot(...given)
    if (!answer.ok) return answer
    const failures = answer.value.failures.map((failure) => ({ ...failure, objectPath: 'database' }))
    return { ok: true, value: { ...answer.value, failures } }
  }
  const found = verdictOf(
    await verify({ percent: 100, restoreFiles: 0, reader: { ...reader, verifySnapshot: withoutPath } }),
  )
  assert.deepEqual([found.outcome, found.errors.checksum, found.faults[0]?.rootId], ['faulty', 1, 'database'])
  const later = { percent: 0, restoreFiles: 0, knownFaults: found.faults }
  assert.deepEqual(faultsOf(await verify(later)), ['checksum '])
  // Kopia finds the content no more: the snapshot that needed it was deleted, and the newest one has it not.
  repository.damage.set('database', 'missing_blob')
  const gone: typeof reader.verifySnapshot = async () => ({
    ok: true,
    value: {
      objects: 1,
      readFiles: 0,
      readBytes: 0,
      errors: { missing_blob: 0, checksum: 0, read: 0 },
      failures: [],
    },
  })
  assert.equal((await verify({ ...later, reader: { ...reader, verifySnapshot: gone } })).outcome, 'proven')
  repository.damage.clear()
  assert.equal((await verify(later)).outcome, 'proven')
})

test('a fault in a file that is larger than what may be read stays', async (context) => {
  const { verify, repository } = await setup(context)
  damage(repository, 'database', 'checksum')
  const found = verdictOf(await verify({ percent: 100, restoreFiles: 0 }))
  const later = { percent: 0, restoreFiles: 0, knownFaults: found.faults, mostBytes: 1000 }
  repository.damage.clear()
  assert.deepEqual(faultsOf(await verify(later)), ['checksum a/b/c/database'])
  assert.equal((await verify({ ...later, mostBytes: 1e6 })).outcome, 'proven')
})

test('what the list of snapshots or a directory of an older one told is no fault once they can be read', async (context) => {
  const { verify } = await setup(context)
  const fault = { kind: 'checksum', snapshotId: 's0', path: '', reason: 'old' } as const
  const knownFaults: readonly Fault[] = [
    { ...fault, rootId: '' },
    { ...fault, rootId: 'kold' },
    { ...fault, rootId: 'kold', path: 'readme', kind: 'missing_blob' },
  ]
  assert.equal((await verify({ percent: 0, restoreFiles: 0, knownFaults })).outcome, 'proven')
})

test('a disturbance of the storage is no damage, and no proof', async (context) => {
  for (const kind of ['missing_blob', 'checksum', 'read'] as const) {
    const { verify, repository } = await setup(context, directory('root', [file('one', 10)]))
    const { reader } = repository
    const disturbed: typeof reader.verifySnapshot = async () => {
      const failures = [{ kind, objectPath: 'kroot/one', reason: 'connection reset' }]
      const errors = { missing_blob: 0, checksum: 0, read: 0, [kind]: 1 }
      return { ok: true, value: { objects: 2, readFiles: 0, readBytes: 0, errors, failures } }
    }
    const result = await verify({ reader: { ...reader, verifySnapshot: disturbed } })
    assert.deepEqual(result, {
      outcome: 'unproven',
      reason: 'what could not be read at first could be read at a second try: connection reset',
    })
  }
})

test('other bytes at the second reading, or another size, are a difference', async (context) => {
  const tree = directory('root', [file('one', 10)])
  const { verify, repository } = await setup(context, tree)
  let reads = 0
  const readObject: typeof repository.reader.readObject = async (_, onChunk) => {
    reads += 1
    onChunk(Buffer.alloc(10, 'x'))
    return { ok: true, value: undefined }
  }
  const changing = { reader: { ...repository.reader, readObject }, percent: 0, restoreFiles: 1 }
  assert.deepEqual(faultsOf(await verify(changing)), ['differs one'])
  assert.equal(reads, 1)
  repository.contents.set('one', Buffer.alloc(9))
  const short = verdictOf(await verify({ percent: 0, restoreFiles: 1 }))
  assert.match(short.faults[0]?.reason ?? '', /9 bytes were restored, the snapshot has 10/)
})

test('a difference stays until the same file is restored well', async (context) => {
  const { verify, repository } = await setup(context, directory('root', [directory('d', [file('one', 10)])]))
  repository.contents.set('one', Buffer.alloc(9))
  const { faults } = verdictOf(await verify({ percent: 0, restoreFiles: 1 }))
  const later = { percent: 0, restoreFiles: 0, knownFaults: faults }
  assert.deepEqual(faultsOf(await verify(later)), ['differs d/one'])
  repository.contents.clear()
  assert.equal((await verify(later)).outcome, 'proven')
})

test('what is restored well in a run is not restored again for what was known of it', async (context) => {
  const { verify, repository } = await setup(context, directory('root', [file('one', 10)]))
  const known: Fault = { kind: 'differs', snapshotId: 's0', rootId: 'kroot', path: 'one', reason: 'old' }
  const verdict = verdictOf(await verify({ percent: 0, restoreFiles: 1, knownFaults: [known] }))
  assert.deepEqual([verdict.outcome, verdict.restoredFiles], ['proven', 1])
  assert.equal(repository.calls.filter((call) => call === 'restore one').length, 1)
})

test('what says nothing about the snapshot is no verdict', async (context) => {
  for (const kind of ['unreachable', 'disk full'] as const) {
    const { verify, repository } = await setup(context)
    repository.failures.push({ kind, reason: 'no answer' })
    assert.deepEqual(await verify(), { outcome: 'unproven', reason: 'no answer' })
  }
  const { verify, repository } = await setup(context)
  repository.failures.push({ kind: 'ended', reason: 'a backup began' })
  assert.deepEqual(await verify(), { outcome: 'ended' })
})

test('a time limit is a fault of its own kind, and keeps what was known', async (context) => {
  const { verify, repository } = await setup(context)
  const known: Fault = { kind: 'checksum', snapshotId: 's0', rootId: 'kold', path: 'readme', reason: 'known' }
  repository.failures.push({ kind: 'timeout', reason: 'no end within 1 h' })
  const verdict = verdictOf(await verify({ knownFaults: [known] }))
  assert.deepEqual([verdict.outcome, verdict.errors.timeout, verdict.errors.checksum], ['faulty', 1, 1])
  repository.failures.push({ kind: 'timeout', reason: 'no end within 1 h' })
  const again = verdictOf(await verify({ knownFaults: verdict.faults }))
  assert.deepEqual([again.errors.timeout, again.errors.checksum], [1, 1])
  const later = verdictOf(await verify({ knownFaults: again.faults, percent: 0, restoreFiles: 0 }))
  assert.deepEqual([later.outcome, later.faults], ['proven', []])
})

test('where Kopia chose a file larger than the budget, what is there is checked all the same', async (context) => {
  const { verify, repository } = await setup(context)
  repository.failures.push({ kind: 'over budget', reason: 'too much' })
  assert.equal((await verify({ restoreFiles: 0 })).outcome, 'proven')
  assert.deepEqual(repository.percents, [1, 0])
})

test('percent and restored files are lowered to stay below the budget', async (context) => {
  const tree = directory(
    'root',
    Array.from({ length: 100 }, (_, index) => file(`f${index}`, 1000)),
  )
  const { repository } = await setup(context, tree)
  for (const mostBytes of [0, 1000, 2000, 5000, 30_000, 1e9]) {
    const { verify, repository: own } = await setup(context, tree, mostBytes)
    const verdict = verdictOf(await verify({ percent: 1, restoreFiles: 10, mostBytes }))
    const restoredBytes = 2 * 1000 * verdict.restoredFiles
    assert.ok(restoredBytes <= mostBytes, `${restoredBytes} of ${mostBytes} bytes`)
    assert.equal(own.percents[0], Math.min(1, (100 * mostBytes) / 2 / 100_000))
  }
  assert.deepEqual(repository.percents, [])
})

test('each kind of damage is found within as many runs as its share of the files predicts', async (context) => {
  const tree = directory(
    'root',
    Array.from({ length: 200 }, (_, index) => file(`f${index}`, 10)),
  )
  const percent = 5
  const damaged = 10
  // A run finds none of the damaged files with this chance, so of 100 seeds 99 find one within `runs` runs.
  const missed = (1 - percent / 100) ** damaged
  const runs = Math.ceil(Math.log(0.01) / Math.log(missed))
  let late = 0
  for (let seed = 0; seed < 100; seed += 1) {
    const repository = madeRepository(tree, createRandom(seed))
    for (let index = 0; index < damaged; index += 1) damage(repository, `f${index * 17}`, 'checksum')
    const restoreFolder = await temporaryFolder(context)
    let isFound = false
    for (let run = 0; run < runs && !isFound; run += 1) {
      const result = await verifySource({
        reader: repository.reader,
        workspace: { restoreFolder, forgetContents: async () => undefined },
        root: repository.root,
        knownFaults: [],
        percent,
        restoreFiles: 0,
        parallel: 1,
        mostBytes: mebibyte,
        isHere: false,
        random: createRandom(seed),
        onProgress: () => undefined,
      })
      isFound = result.outcome === 'faulty'
    }
    if (!isFound) late += 1
  }
  assert.ok(late <= 3, `${late} of 100 seeds found nothing within ${runs} runs`)
})

test('a failure of this machine does not hide the damage that was found before it', async (context) => {
  const known: Fault = { kind: 'checksum', snapshotId: 's0', rootId: 'kold', path: 'readme', reason: 'known' }
  const { verify, repository } = await setup(context)
  damage(repository, 'database', 'missing_blob')
  const { reader } = repository
  const full: ReadFailure = { kind: 'disk full', reason: 'no space left on device' }
  const restoreFile: typeof reader.restoreFile = async () => ({ ok: false, failure: full })
  const verdict = verdictOf(await verify({ reader: { ...reader, restoreFile }, knownFaults: [known] }))
  assert.deepEqual(
    verdict.faults.map(({ kind, path }) => `${kind} ${path}`),
    ['missing_blob a/b/c/database', 'checksum readme'],
  )
  repository.damage.clear()
  const without = await verify({ reader: { ...reader, restoreFile }, knownFaults: [known] })
  assert.deepEqual(without, { outcome: 'unproven', reason: full.reason })
})

test('a failure while known faults are read again does not hide new ones', async (context) => {
  const known: Fault = { kind: 'checksum', snapshotId: 's0', rootId: 'kold', path: 'readme', reason: 'known' }
  const { verify, repository } = await setup(context)
  damage(repository, 'database', 'missing_blob')
  const { reader } = repository
  const verifyObject: typeof reader.verifyObject = async (path, mostBytes) =>
    path.endsWith('readme')
      ? { ok: false, failure: { kind: 'unreachable', reason: 'no answer' } }
      : await reader.verifyObject(path, mostBytes)
  const verdict = verdictOf(await verify({ reader: { ...reader, verifyObject }, knownFaults: [known] }))
  assert.deepEqual(
    verdict.faults.map(({ path }) => path),
    ['a/b/c/database', 'readme'],
  )
})

test('a file that differed and has grown beyond what may be read stays a fault, and is not restored', async (context) => {
  const { verify, repository } = await setup(context, directory('root', [file('one', 1000)]))
  const known: Fault = { kind: 'differs', snapshotId: 's0', rootId: 'kold', path: 'one', reason: 'known' }
  const result = await verify({ percent: 0, restoreFiles: 0, knownFaults: [known], mostBytes: 100 })
  assert.deepEqual(faultsOf(result), ['differs one'])
  assert.deepEqual(
    repository.calls.filter((call) => call.startsWith('restore')),
    [],
  )
})
