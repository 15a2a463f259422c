// `verify` of a real repository, and the way of its results into the ledger, the status and the metrics.

import assert from 'node:assert/strict'
import { copyFile, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { runAgentCommand } from '../support/agent-command.ts'
import { createLab } from '../support/lab.ts'
import { leftovers, proofOf, resultFiles, verdictOf, verify } from '../support/verifying.ts'

const noErrors = { checksum: 0, differs: 0, missing_blob: 0, read: 0, timeout: 0 }

test('a good repository: proven in JSON, table, status and metrics, and each result counts once', async (context) => {
  const lab = await createLab(context)
  const [photos, mail] = [await lab.makeSource('photos'), await lab.makeSource('mail')]
  for (const path of [photos, mail]) await lab.kopia.must('snapshot', 'create', path)

  const first = await verify(lab, '--percent=100', '--restore=1')
  assert.equal(first.exitCode, 0, first.output)
  assert.deepEqual(
    first.sources.map(({ path, outcome, objects, read_bytes, restored_files, errors, faults }) => [
      path,
      [outcome, objects, read_bytes, restored_files],
      errors,
      faults,
    ]),
    // The file is read by Kopia's verification, by the restore, and by the second reading.
    [photos, mail].toSorted().map((path) => [path, ['proven', 2, 3 * 1400, 1], noErrors, []]),
  )
  assert.deepEqual(await leftovers(lab), [])
  const results = await resultFiles(lab)
  assert.equal(results.length, 2)

  const table = await runAgentCommand(lab, 'verify', '--percent=0', '--restore=0', photos)
  assert.equal(table.exitCode, 0, table.output)
  assert.match(
    table.output,
    /^ {2}SOURCE .* OBJECTS +READ +RESTORED +TOOK\n✓ [^\n]*photos +2 +0 B +0 +\S+ \S+\n$/,
  )
  // The new result of the source takes the place of its older one.
  const now = await resultFiles(lab)
  assert.deepEqual([now.length, now.filter((name) => results.includes(name)).length], [2, 1])

  const kept = join(lab.folder, 'kept.json')
  const [result = ''] = now.filter((name) => !results.includes(name))
  const resultPath = join(lab.stateDirectory, 'verify', 'results', result)
  await copyFile(resultPath, kept)
  assert.doesNotMatch(await readFile(kept, 'utf8'), /correct horse/)

  assert.equal((await runAgentCommand(lab, 'push')).exitCode, 0)
  assert.deepEqual(await resultFiles(lab), [])
  const pushed = await proofOf(lab.gateway, photos)
  const { last_success_timestamp_seconds, last_attempt_timestamp_seconds, ...values } = pushed
  assert.deepEqual(values, {
    status: 1,
    objects: 2,
    read_bytes: 0,
    restored_files: 0,
    ...Object.fromEntries(Object.entries(noErrors).map(([kind, count]) => [`errors ${kind}`, count])),
  })
  assert.equal(last_success_timestamp_seconds, last_attempt_timestamp_seconds)
  assert.equal((await proofOf(lab.gateway, mail)).read_bytes, 4200)

  // The same result a second time, as after a crash between saving the ledger and removing it.
  await copyFile(kept, resultPath)
  assert.equal((await runAgentCommand(lab, 'push')).exitCode, 0)
  assert.deepEqual([await resultFiles(lab), await proofOf(lab.gateway, photos)], [[], pushed])
  assert.doesNotMatch(await readFile(join(lab.stateDirectory, 'ledger.json'), 'utf8'), /correct horse/)
})

test('status shows a result of verify before an agent has taken it', async (context) => {
  const lab = await createLab(context)
  const path = await lab.makeSource('photos')
  await lab.kopia.must('snapshot', 'create', path)
  assert.equal((await runAgentCommand(lab, 'push')).exitCode, 0)
  assert.deepEqual(await proofOf(lab.gateway, path), {})
  assert.deepEqual(verdictOf(await verify(lab)), [0, 'proven'])
  assert.equal((await resultFiles(lab)).length, 1)
  const { sources } = JSON.parse((await runAgentCommand(lab, 'status', '--json')).output)
  const [{ verify_status, verify_objects, verify_read_bytes, verify_restored_files }] = sources
  assert.deepEqual(
    [verify_status, verify_objects, verify_read_bytes, verify_restored_files],
    ['proven', 2, 2800, 1],
  )
})

test('what is no source, and a repository without snapshots: a message each, and exit 1', async (context) => {
  const lab = await createLab(context)
  const nothing = await verify(lab)
  assert.deepEqual([nothing.exitCode, nothing.sources], [1, []])
  assert.match(nothing.output, /there is no complete snapshot to verify\n$/)
  const path = await lab.makeSource('photos')
  await lab.kopia.must('snapshot', 'create', path)
  const unknown = await verify(lab, path, '/nowhere')
  assert.deepEqual(verdictOf(unknown), [1, 'proven'])
  assert.match(unknown.output, /there is no complete snapshot of \/nowhere\n$/)
})
