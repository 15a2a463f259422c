// Snapshots whose times are overridden, as people do who back up a snapshot of ZFS or LVM: their manifests are older than the run.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { breakAction, createLab, figuresAfter } from '../../support/lab.ts'

const none = { success: 0, failed: 0, incomplete: 0 } as const
const firstOfJanuary = '--start-time=2026-01-01 03:04:05 UTC'
const secondOfJanuary = '--start-time=2026-01-02 03:04:05 UTC'

test('--start-time in the past, with and without --json: each backup is a success of its own time', async (context) => {
  const lab = await createLab(context)
  const path = await lab.makeSource('photos')
  await lab.kopia.must('snapshot', 'create', firstOfJanuary, path)
  await lab.startAgent()
  const backups = [
    ['--json', secondOfJanuary],
    ['--json', '--start-time=2026-01-03 03:04:05 UTC'],
    // Older than what the repository holds: only the id in the log tells it from the others.
    [firstOfJanuary],
  ]
  for (const [index, flags] of backups.entries()) {
    const begunAt = Date.now() / 1000
    assert.equal((await lab.kopia.run('snapshot', 'create', ...flags, path)).exitCode, 0)
    const { status, attempts, lastAttemptAt = 0 } = await figuresAfter(lab.gateway, path, index + 1)
    assert.deepEqual([status, attempts], [1, { ...none, success: index + 1 }], flags.join(' '))
    assert.ok(lastAttemptAt >= begunAt - 0.01, `${flags.join(' ')}: last attempt at ${lastAttemptAt}`)
  }
})

test('--json --start-time and a failed action: an older snapshot of that time proves nothing', async (context) => {
  const lab = await createLab(context)
  const path = await lab.makeSource('photos')
  await lab.startAgent()
  await lab.kopia.must('snapshot', 'create', '--json', firstOfJanuary, path)
  await figuresAfter(lab.gateway, path, 1)
  await breakAction(lab, path)
  assert.equal((await lab.kopia.run('snapshot', 'create', '--json', secondOfJanuary, path)).exitCode, 1)
  const { status, attempts } = await figuresAfter(lab.gateway, path, 2)
  assert.deepEqual([status, attempts], [0, { ...none, success: 1, failed: 1 }])
})
