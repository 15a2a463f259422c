// How a backup by a real Kopia ended, as a real Pushgateway has it.

import assert from 'node:assert/strict'
import { chmod, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { breakAction, createLab, figuresAfter, figuresOf, installHooks, type Lab } from '../support/lab.ts'

type Ending = {
  readonly name: string
  /** Prepares the source. */
  readonly prepare?: (lab: Lab, path: string) => Promise<unknown>
  readonly flags?: readonly string[]
  readonly exitCode: number
  readonly outcome: 'success' | 'failed'
  /** Snapshots held afterwards. */
  readonly snapshots: number | undefined
}

async function makeUnreadableFile(_: Lab, path: string): Promise<void> {
  const file = join(path, 'unreadable')
  await writeFile(file, 'nobody may read this')
  await chmod(file, 0)
}

async function ignoreUnreadableFile(lab: Lab, path: string): Promise<void> {
  await makeUnreadableFile(lab, path)
  await lab.kopia.must('policy', 'set', path, '--ignore-file-errors=true')
}

const endings: readonly Ending[] = [
  { name: 'a complete snapshot', exitCode: 0, outcome: 'success', snapshots: 1 },
  {
    name: 'a complete snapshot with --json',
    flags: ['--json'],
    exitCode: 0,
    outcome: 'success',
    snapshots: 1,
  },
  {
    name: 'ignored file errors',
    prepare: ignoreUnreadableFile,
    exitCode: 0,
    outcome: 'success',
    snapshots: 1,
  },
  { name: 'fatal file errors', prepare: makeUnreadableFile, exitCode: 1, outcome: 'failed', snapshots: 1 },
  {
    name: 'a failing before-action',
    prepare: breakAction,
    exitCode: 1,
    outcome: 'failed',
    snapshots: undefined,
  },
  { name: 'JSON logs', flags: ['--json-log-file'], exitCode: 0, outcome: 'success', snapshots: 1 },
  {
    name: 'logs at level info',
    flags: ['--file-log-level=info'],
    exitCode: 0,
    outcome: 'success',
    snapshots: 1,
  },
]

for (const ending of endings) {
  for (const withHooks of [false, true]) {
    test(`${ending.name}, ${withHooks ? 'with' : 'without'} hooks: ${ending.outcome}`, async (context) => {
      const lab = await createLab(context)
      const path = await lab.makeSource('photos')
      if (withHooks) await installHooks(lab.kopia, path)
      await ending.prepare?.(lab, path)
      await lab.startAgent()
      const startedAt = Date.now() / 1000
      const flags = ending.flags ?? []
      const { exitCode, output } = await lab.kopia.runUnprivileged('snapshot', 'create', ...flags, path)
      assert.equal(exitCode, ending.exitCode, output)
      const figures = await figuresAfter(lab.gateway, path, 1)
      assert.equal(figures.status, ending.outcome === 'success' ? 1 : 0)
      assert.deepEqual(figures.durations, [ending.outcome])
      assert.deepEqual(figures.attempts, { success: 0, failed: 0, incomplete: 0, [ending.outcome]: 1 })
      assert.equal(figures.snapshots.all, ending.snapshots)
      const [now, lastAttemptAt = 0, durationSeconds = -1] = [
        Date.now() / 1000,
        figures.lastAttemptAt,
        figures.durationSeconds,
      ]
      assert.ok(lastAttemptAt >= startedAt && lastAttemptAt <= now, `last attempt at ${lastAttemptAt}`)
      assert.ok(durationSeconds >= 0 && durationSeconds <= now - startedAt, `took ${durationSeconds} s`)
      assert.equal(figures.lastSuccessAt, ending.outcome === 'success' ? figures.lastAttemptAt : undefined)
    })
  }
}

test('without any log, hooks alone tell of a backup', async (context) => {
  const lab = await createLab(context)
  const path = await lab.makeSource('photos')
  await installHooks(lab.kopia, path)
  await lab.startAgent()
  await lab.kopia.must('snapshot', 'create', '--disable-file-logging', path)
  const figures = await figuresAfter(lab.gateway, path, 1)
  assert.deepEqual(
    [figures.status, figures.attempts, figures.sizeBytes],
    [1, { success: 1, failed: 0, incomplete: 0 }, 1400],
  )
})

test('several sources in one run are told apart, and the next good backup mends a bad one', async (context) => {
  const lab = await createLab(context)
  const [good, bad] = [await lab.makeSource('good'), await lab.makeSource('bad')]
  const action = await breakAction(lab, bad)
  await lab.startAgent()
  assert.equal((await lab.kopia.run('snapshot', 'create', good, bad)).exitCode, 1)
  assert.equal((await figuresAfter(lab.gateway, bad, 1)).status, 0)
  assert.equal((await figuresOf(lab.gateway, good)).status, 1)
  await writeFile(action, '#!/bin/sh\nexit 0\n')
  await lab.kopia.must('snapshot', 'create', bad)
  const mended = await figuresAfter(lab.gateway, bad, 2)
  assert.deepEqual([mended.status, mended.durations], [1, ['success']])
  assert.deepEqual(mended.attempts, { success: 1, failed: 1, incomplete: 0 })
  assert.deepEqual((await figuresOf(lab.gateway, good)).attempts, { success: 1, failed: 0, incomplete: 0 })
})
