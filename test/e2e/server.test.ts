// `kopia server start`: one long-lived process that backs up many sources, on a schedule or through its API.

import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { test } from 'node:test'
import { makeUnreadableFile } from '../support/endings.ts'
import { breakAction, createLab, figuresAfter, installHooks } from '../support/lab.ts'
import { startServer, upload } from '../support/setups/server.ts'

test('backups through the API: good, failed, unreadable and unchanged ones have different outcomes', async (context) => {
  const lab = await createLab(context)
  const good = await lab.makeSource('good')
  const failed = await lab.makeSource('failed')
  const unreadable = await lab.makeSource('unreadable')
  const ignoring = await lab.makeSource('ignoring')
  await breakAction(lab, failed)
  await makeUnreadableFile(unreadable)
  await makeUnreadableFile(ignoring)
  await lab.kopia.must('policy', 'set', ignoring, '--ignore-file-errors=true')
  await lab.kopia.must('policy', 'set', good, '--ignore-identical-snapshots=true')
  await lab.kopia.must('policy', 'set', unreadable, '--compression=none')
  await lab.startAgent()
  const server = await startServer(context, lab.kopia)
  for (const path of [good, failed, unreadable, ignoring]) await upload(server, path)
  const outcomes = await Promise.all(
    [good, failed, unreadable, ignoring].map(async (path) => {
      const { status, durations, errors } = await figuresAfter(lab.gateway, path, 1)
      return [status, durations, errors]
    }),
  )
  assert.deepEqual(outcomes, [
    [1, ['success'], { fatal: 0, ignored: 0 }],
    [0, ['failed'], { fatal: 0, ignored: 0 }],
    [0, ['failed'], { fatal: 1, ignored: 0 }],
    [1, ['success'], { fatal: 0, ignored: 1 }],
  ])
  await upload(server, good)
  const again = await figuresAfter(lab.gateway, good, 2)
  assert.deepEqual(
    [again.status, again.attempts, again.snapshots.all],
    [1, { success: 2, failed: 0, incomplete: 0 }, 1],
  )
})

test('two servers at once, one of which logs in JSON: each source is counted once', async (context) => {
  const lab = await createLab(context)
  const [first, second] = [await lab.makeSource('first'), await lab.makeSource('second')]
  // A server backs up only sources that have a policy or a snapshot.
  for (const path of [first, second]) await lab.kopia.must('policy', 'set', path, '--compression=none')
  await lab.startAgent()
  const inJson = await startServer(context, lab.kopia, '--json-log-file')
  const inText = await startServer(context, lab.kopia)
  await Promise.all([upload(inJson, first), upload(inText, second)])
  for (const path of [first, second]) {
    const { status, attempts } = await figuresAfter(lab.gateway, path, 1)
    assert.deepEqual([status, attempts], [1, { success: 1, failed: 0, incomplete: 0 }])
  }
})

test('backups on the schedule of the policy are counted', async (context) => {
  const lab = await createLab(context)
  const path = await lab.makeSource('photos')
  await lab.kopia.must('policy', 'set', path, '--snapshot-interval=2s')
  await lab.startAgent()
  await startServer(context, lab.kopia)
  const figures = await figuresAfter(lab.gateway, path, 2)
  assert.equal(figures.status, 1)
})

for (const flags of [['--file-log-level=info'], ['--disable-file-logging']]) {
  test(`a server whose log shows no backup (${flags}): the hooks and the repository show it`, async (context) => {
    const lab = await createLab(context)
    const path = await lab.makeSource('photos')
    await installHooks(lab.kopia, path)
    await lab.startAgent()
    const server = await startServer(context, lab.kopia, ...flags)
    await upload(server, path)
    const figures = await figuresAfter(lab.gateway, path, 1)
    assert.deepEqual([figures.status, figures.attempts], [1, { success: 1, failed: 0, incomplete: 0 }])
  })
}

test('a server whose log shows no backup, without hooks: the refresh schedule finds the new snapshot', async (context) => {
  const lab = await createLab(context)
  const path = await lab.makeSource('photos')
  await lab.kopia.must('snapshot', 'create', path)
  await lab.startAgent({ KOPIA_METRICS_REFRESH_SCHEDULE: '* * * * * *' })
  const server = await startServer(context, lab.kopia, '--file-log-level=info')
  await writeFile(`${path}/new`, 'news')
  await upload(server, path)
  const figures = await figuresAfter(lab.gateway, path, 1)
  assert.deepEqual([figures.status, figures.attempts], [1, { success: 1, failed: 0, incomplete: 0 }])
})
