// Damage to a real repository: `verify` finds each kind, keeps it found until it is gone, and takes nothing else for damage.

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { runAgentCommand } from '../support/agent-command.ts'
import { blobFiles, cut, flipBytes, packFilesOf, repositoryFolder, takeAway } from '../support/damage.ts'
import { createLab, type Lab } from '../support/lab.ts'
import { leftovers, proofOf, verdictOf, verify, verifyWith } from '../support/verifying.ts'

const fileContents = /^[0-9a-f]/
const directories = /^k/
const manifests = /^m/

/** A source with a folder and a file of random bytes, backed up twice: its directories and its newest manifest are in packs of their own. */
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
  readonly files: (lab: Lab) => Promise<readonly string[]>
  readonly harm: (files: readonly string[]) => Promise<unknown>
  readonly percent: number
  readonly kind: 'missing_blob' | 'checksum'
}

const flipAll = (files: readonly string[]) => Promise.all(files.map(flipBytes))
const cutAll = (files: readonly string[]) =>
  Promise.all(files.map(async (file) => cut(file, (await stat(file)).size)))

const damages: readonly Damage[] = [
  {
    name: 'a pack of files with flipped bytes, at 100 %',
    files: (lab) => packFilesOf(lab, fileContents),
    harm: flipAll,
    percent: 100,
    kind: 'checksum',
  },
  {
    name: 'a pack of files that was cut, at 100 %',
    files: (lab) => packFilesOf(lab, fileContents),
    harm: cutAll,
    percent: 100,
    kind: 'checksum',
  },
  {
    name: 'a pack of files that is missing, at 0 %',
    files: (lab) => packFilesOf(lab, fileContents),
    harm: takeAway,
    percent: 0,
    kind: 'missing_blob',
  },
  {
    name: 'a pack of directories that is missing',
    files: (lab) => packFilesOf(lab, directories),
    harm: takeAway,
    percent: 0,
    kind: 'missing_blob',
  },
  {
    name: 'a pack of directories with flipped bytes',
    files: (lab) => packFilesOf(lab, directories),
    harm: flipAll,
    percent: 0,
    kind: 'checksum',
  },
  {
    name: 'all packs of manifests that are missing',
    files: (lab) => packFilesOf(lab, manifests),
    harm: takeAway,
    percent: 0,
    kind: 'missing_blob',
  },
  {
    name: 'all indexes that are missing',
    files: (lab) => blobFiles(lab, 'x'),
    harm: takeAway,
    percent: 0,
    kind: 'missing_blob',
  },
]

for (const { name, files, harm, percent, kind } of damages) {
  test(`${name}: found, although the cache of the user has all of it`, async (context) => {
    const lab = await createLab(context)
    const path = await backUpTwice(lab)
    await lab.kopia.must('snapshot', 'verify', '--verify-files-percent=100')
    assert.equal((await runAgentCommand(lab, 'push')).exitCode, 0)
    await harm(await files(lab))
    const found = await verify(lab, `--percent=${percent}`, '--restore=0')
    context.diagnostic(found.output)
    assert.deepEqual(verdictOf(found), [1, 'faulty', kind])
    assert.deepEqual(await leftovers(lab), [])
    assert.equal((await runAgentCommand(lab, 'push')).exitCode, 0)
    const proof = await proofOf(lab.gateway, path)
    assert.equal(proof.status, 0)
    assert.ok((proof[`errors ${kind}`] ?? 0) > 0)
  })
}
