// What a real Kopia lists of files that it could not read, up to the reason of the attempt.

import assert from 'node:assert/strict'
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { createSnapshotReader } from '../../../agent/kopia/cli/snapshots.ts'
import { reasonOf } from '../../../agent/kopia/runs/reason.ts'
import { temporaryFolder } from '../../support/folder.ts'
import { createKopiaLab } from '../../support/kopia.ts'

test('the first files that could not be read are named with the cause, hostile names made visible', async (context) => {
  const folder = await temporaryFolder(context)
  const kopia = await createKopiaLab(join(folder, 'kopia'), join(folder, 'state'))
  const path = join(folder, 'source')
  await mkdir(join(path, 'inner'), { recursive: true })
  for (const name of ['a', 'inner/b\u001b[31m\nname', 'inner/c', 'd']) {
    await writeFile(join(path, name), 'worth keeping')
    await chmod(join(path, name), 0)
  }
  const created = await kopia.runUnprivileged('snapshot', 'create', path)
  assert.equal(created.exitCode, 1, created.output)
  const reader = createSnapshotReader()
  const listed = await kopia.must('snapshot', 'list', '--all', '--json')
  for (const line of listed.output.split('\n')) reader.addLine(line)
  const [snapshot, ...others] = reader.end()
  assert.ok(snapshot)
  assert.deepEqual([snapshot.fatalErrors, others.length], [4, 0])
  assert.equal(
    reasonOf({ source: snapshot.source, outcome: 'failed', snapshot }),
    '4 files could not be read: a (permission denied), d (permission denied), ' +
      'inner/b\\u{1b}[31m\\nname (permission denied), …',
  )
})
