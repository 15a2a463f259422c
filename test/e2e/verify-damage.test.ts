// Damage to a real repository: `verify` finds each kind, keeps it found until it is gone, and takes nothing else for damage.

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { runAgentCommand } from '../support/agent-command.ts'
import { createLab, type Lab } from '../support/lab.ts'
import {
  blobFiles,
  cutFiles,
  flipContents,
  packFilesOf,
  repositoryFolder,
  takeAway,
} from '../support/lab-damage.ts'
import { leftovers, proofOf, resultFiles, verdictOf, verify, verifyWith } from '../support/verifying.ts'

const fileContents = /^[0-9a-f]/
const directories = /^k/
const manifests = /^m/

/** Two snapshots of a folder with a file of random bytes: the newest manifest is in another pack than the directories. */
async function backUpTwice(lab: Lab): Promise<string> {
  const path = await lab.makeSource('photos')
  await lab.makeSource('photos/folder')
  await writeFile(join(path, 'random'), randomBytes(100_000))
  await lab.kopia.must('snapshot', 'create', path)
  await lab.kopia.must('snapshot', 'create', path)
  return path
}

type Damage = {
  readonly name: string
  /** Resolves with what repairs it. */
  readonly harm: (lab: Lab) => Promise<() => Promise<void>>
  readonly percent: number
  readonly kind: 'missing_blob' | 'checksum'
}

const flip = (contents: RegExp) => async (lab: Lab) => {
  await flipContents(lab, contents)
  return () => flipContents(lab, contents)
}

const damages: readonly Damage[] = [
  { name: 'flipped bytes in files, at 100 %', harm: flip(fileContents), percent: 100, kind: 'checksum' },
  {
    name: 'a pack of files that was cut, at 100 %',
    harm: async (lab) => cutFiles(await packFilesOf(lab, fileContents)),
    percent: 100,
    kind: 'checksum',
  },
  {
    name: 'a pack of files that is missing, at 0 %',
    harm: async (lab) => takeAway(await packFilesOf(lab, fileContents)),
    percent: 0,
    kind: 'missing_blob',
  },
  { name: 'flipped bytes in directories', harm: flip(directories), percent: 0, kind: 'checksum' },
  {
    name: 'a pack of directories that is missing',
    harm: async (lab) => takeAway(await packFilesOf(lab, directories)),
    percent: 0,
    kind: 'missing_blob',
  },
  {
    name: 'a pack of manifests that is missing',
    harm: async (lab) => takeAway((await packFilesOf(lab, manifests)).slice(0, 1)),
    percent: 0,
    kind: 'missing_blob',
  },
]

test('each kind of damage is found, although the cache of the user has all of it, and is gone when it is repaired', async (context) => {
  const lab = await createLab(context)
  const path = await backUpTwice(lab)
  await lab.kopia.must('snapshot', 'verify', '--verify-files-percent=100')
  assert.equal((await runAgentCommand(lab, 'push')).exitCode, 0)
  for (const { name, harm, percent, kind } of damages) {
    await context.test(name, async () => {
      const repair = await harm(lab)
      const found = await verify(lab, `--percent=${percent}`, '--restore=0').finally(repair)
      assert.deepEqual(verdictOf(found), [1, 'faulty', kind], found.output)
      assert.deepEqual(await leftovers(lab), [])
    })
  }
  assert.equal((await runAgentCommand(lab, 'push')).exitCode, 0)
  const { status, ...broken } = await proofOf(lab.gateway, path)
  assert.deepEqual([status, broken['errors missing_blob']], [0, 1])
  assert.deepEqual(verdictOf(await verify(lab, '--percent=100')), [0, 'proven'])
})

test('a fault stays found while it is there, and is gone once the newest snapshot does not have the file', async (context) => {
  const lab = await createLab(context)
  const path = await backUpTwice(lab)
  assert.equal((await runAgentCommand(lab, 'push')).exitCode, 0)
  await flipContents(lab, fileContents)
  const found = await verify(lab, '--percent=100', '--restore=0')
  assert.deepEqual(verdictOf(found), [1, 'faulty', 'checksum'])
  const names = found.sources[0]?.faults.map(({ path: name }) => name).toSorted() ?? []
  // Kopia reads an object once, under either name: file and folder/file have the same content.
  assert.match(names.join(' '), /^(folder\/)?file random$/)
  assert.deepEqual(verdictOf(await verify(lab, '--percent=0', '--restore=0')), [1, 'faulty', 'checksum'])
  assert.equal((await runAgentCommand(lab, 'push')).exitCode, 0)
  assert.deepEqual(verdictOf(await verify(lab, '--percent=0', '--restore=0')), [1, 'faulty', 'checksum'])

  await rm(path, { recursive: true })
  await writeFile(join(await lab.makeSource('photos'), 'file'), 'other bytes')
  await lab.kopia.must('snapshot', 'create', path)
  assert.deepEqual(verdictOf(await verify(lab, '--percent=0', '--restore=0')), [0, 'proven'])
})

test('a fault stays found where no agent ever ran', async (context) => {
  const lab = await createLab(context)
  await backUpTwice(lab)
  await flipContents(lab, fileContents)
  for (const percent of [100, 0, 0]) {
    const found = await verify(lab, `--percent=${percent}`, '--restore=0')
    assert.deepEqual(verdictOf(found), [1, 'faulty', 'checksum'])
  }
})

test('indexes that are missing', async (context) => {
  const lab = await createLab(context)
  const path = await backUpTwice(lab)
  const before = new Set(await blobFiles(lab, 'x'))
  await lab.kopia.must('snapshot', 'create', path)
  assert.equal((await runAgentCommand(lab, 'push')).exitCode, 0)
  await context.test('older ones, of the files that the newest snapshot has: a fault', async () => {
    const repair = await takeAway([...before])
    assert.deepEqual(verdictOf(await verify(lab, '--percent=0', '--restore=0')), [
      1,
      'faulty',
      'missing_blob',
    ])
    await repair()
  })
  await context.test('all: nothing is proven, and the message says what was known', async () => {
    const repair = await takeAway(await blobFiles(lab, 'x'))
    const found = await verify(lab)
    assert.deepEqual(verdictOf(found), [1, 'unproven'])
    assert.match(found.output, /is not in the repository any more: it was deleted, or its index is lost/)
    await repair()
  })
})

test('before any agent has run, damage that prevents a list is told', async (context) => {
  const lab = await createLab(context)
  await backUpTwice(lab)
  await takeAway(await packFilesOf(lab, manifests))
  const found = await verify(lab)
  assert.deepEqual([found.exitCode, found.sources], [1, []])
  assert.match(found.output, /the snapshots can't be listed: .*failed to get blob/)
})

test('a storage that is away and a wrong password prove nothing, and keep the verdict', async (context) => {
  const lab = await createLab(context)
  const path = await backUpTwice(lab)
  assert.deepEqual(verdictOf(await verify(lab)), [0, 'proven'])
  assert.equal((await runAgentCommand(lab, 'push')).exitCode, 0)
  const proven = await proofOf(lab.gateway, path)

  const password = await verifyWith(lab, { KOPIA_PASSWORD: 'not the password' })
  assert.deepEqual(verdictOf(password), [1, 'unproven'])
  assert.match(password.output, /invalid repository password/)
  assert.doesNotMatch(password.output, /not the password/)

  const folder = repositoryFolder(lab)
  await rename(folder, `${folder}.away`)
  const away = await verify(lab)
  assert.deepEqual(verdictOf(away), [1, 'unproven'], away.output)
  // One result of each kind waits for the agent.
  assert.deepEqual([(await resultFiles(lab)).length, await leftovers(lab)], [1, []])
  await rename(`${folder}.away`, folder)

  assert.equal((await runAgentCommand(lab, 'push')).exitCode, 0)
  const { last_attempt_timestamp_seconds: attempt = 0, ...kept } = await proofOf(lab.gateway, path)
  const { last_attempt_timestamp_seconds: provenAt = 0, ...before } = proven
  assert.deepEqual(kept, before)
  assert.ok(attempt > provenAt)
})
