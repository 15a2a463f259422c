// What `verify` restores: compared with the files that are still there, and harmless whatever the snapshot holds.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { chmod, mkdir, readFile, rm, symlink, truncate, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { createLab, type Lab } from '../support/lab.ts'
import { watchRestores } from '../support/restore-watch.ts'
import { leftovers, verdictOf, verify, verifyUnprivileged, verifyWith } from '../support/verifying.ts'

/** As one who restores everything. */
const all = ['--percent=0', '--restore=50'] as const

test('restored files are compared with those that are still there, unless they were changed or are gone', async (context) => {
  const lab = await createLab(context)
  const path = await lab.makeSource('photos')
  const file = join(path, 'file')
  await writeFile(join(path, 'empty'), '')
  await lab.kopia.must('snapshot', 'create', path)
  const restore = async () => {
    const verified = await verify(lab, ...all)
    return [...verdictOf(verified), verified.sources[0]?.restored_files]
  }

  const reference = join(lab.folder, 'reference')
  execFileSync('cp', ['-p', file, reference])
  await writeFile(file, 'Worth keeping\n'.repeat(100))
  execFileSync('touch', ['-r', reference, file])
  const differs = await verify(lab, '--percent=0', '--restore=20')
  assert.deepEqual(verdictOf(differs), [1, 'faulty', 'differs'], differs.output)
  assert.deepEqual(
    differs.sources[0]?.faults.map(({ path: name, reason }) => [name, reason]),
    [['file', 'the file itself, unchanged since by its time and size, has other bytes']],
  )

  await context.test('a file that was changed, by its time', async () => {
    await utimes(file, 1, 1)
    assert.deepEqual(await restore(), [0, 'proven', 2])
  })
  await context.test('a file that was changed, by its size', async () => {
    await truncate(file, 3)
    execFileSync('touch', ['-r', reference, file])
    assert.deepEqual(await restore(), [0, 'proven', 2])
  })
  await context.test('a source that is gone', async () => {
    await rm(path, { recursive: true })
    assert.deepEqual(await restore(), [0, 'proven', 2])
  })
})

test('a live file that may not be read says nothing about the snapshot', async (context) => {
  const lab = await createLab(context)
  const path = await lab.makeSource('photos')
  await lab.kopia.must('snapshot', 'create', path)
  const reference = join(lab.folder, 'reference')
  const file = join(path, 'file')
  execFileSync('cp', ['-p', file, reference])
  await writeFile(file, 'Worth keeping\n'.repeat(100))
  execFileSync('touch', ['-r', reference, file])
  await chmod(file, 0)
  assert.deepEqual(verdictOf(await verifyUnprivileged(lab, ...all)), [0, 'proven'])
})

/** Names that could lead elsewhere, or mean something else to Kopia. */
const hostileNames = [
  'new\nline',
  '..evil',
  '...',
  '-rf',
  '--mode=tar',
  'archive.zip',
  'archive.tar',
  'archive.tgz',
  'back\\slash',
  'x'.repeat(255),
] as const

async function makeHostileSource(lab: Lab): Promise<string> {
  const path = await lab.makeSource('hostile')
  for (const name of hostileNames) await writeFile(join(path, name), `content of ${name}`)
  await mkdir(join(path, '-d', '.. '), { recursive: true })
  await writeFile(join(path, '-d', '.. ', 'deep'), 'deep')
  await writeFile(join(path, 'setuid'), '#!/bin/sh\n')
  await chmod(join(path, 'setuid'), 0o6755)
  await symlink('/etc/passwd', join(path, 'link'))
  await symlink('../../../nowhere', join(path, 'dangling'))
  await symlink('/tmp', join(path, 'link-to-folder'))
  // A JavaScript string cannot hold bytes that are not UTF-8.
  execFileSync('sh', ['-c', `cd "$1" && mkfifo fifo && echo x >"bad$(printf '\\377\\200')name"`, 'sh', path])
  if (process.getuid?.() === 0) execFileSync('mknod', [join(path, 'device'), 'c', '1', '3'])
  return path
}

test('hostile names, links, devices and permissions: everything is restored as a private plain file or link in one folder', async (context) => {
  const lab = await createLab(context)
  const path = await makeHostileSource(lab)
  await lab.kopia.must('snapshot', 'create', path)
  const passwords = await readFile('/etc/passwd')
  const watch = await watchRestores(lab)
  const verified = await verifyWith(
    lab,
    { KOPIA_METRICS_KOPIA_BIN: watch.program },
    '--percent=100',
    '--restore=400',
  )
  assert.deepEqual(verdictOf(verified), [0, 'proven'], verified.output)
  // Beside them: `file`, `deep`, `setuid`, three links, and the one that is not UTF-8; picks can coincide.
  const restored = verified.sources[0]?.restored_files ?? 0
  assert.ok(restored >= 12 && restored <= hostileNames.length + 7, verified.output)
  const seen = await watch.seen()
  assert.ok(seen.length >= 8, seen.join('\n'))
  assert.deepEqual([...new Set(seen)], ['700 700 600 regular file'])
  assert.deepEqual(await leftovers(lab), [])
  assert.deepEqual(await readFile('/etc/passwd'), passwords)
  assert.deepEqual(await watch.strays(), [])
})
