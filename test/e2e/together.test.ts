// Several sources or several Kopia processes at a time: every source is counted once, with its own outcome.

import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { test } from 'node:test'
import { breakAction, createLab, figuresAfter, figuresOf } from '../support/lab.ts'

test('several Kopia processes at the same time', async (context) => {
  const lab = await createLab(context)
  const paths = await Promise.all(['a', 'b', 'c', 'd'].map((name) => lab.makeSource(name)))
  await lab.startAgent()
  await Promise.all(paths.map((path) => lab.kopia.must('snapshot', 'create', path)))
  await lab.kopia.must('snapshot', 'create', ...paths)
  for (const path of paths) {
    const { status, attempts } = await figuresAfter(lab.gateway, path, 2)
    assert.deepEqual([status, attempts], [1, { success: 2, failed: 0, incomplete: 0 }])
  }
})

test('several sources in one run, one of which fails; its next good backup clears it', async (context) => {
  const lab = await createLab(context)
  const [good, bad] = [await lab.makeSource('good'), await lab.makeSource('bad')]
  const action = await breakAction(lab, bad)
  await lab.startAgent()
  assert.equal((await lab.kopia.run('snapshot', 'create', good, bad)).exitCode, 1)
  assert.equal((await figuresAfter(lab.gateway, bad, 1)).status, 0)
  assert.equal((await figuresOf(lab.gateway, good)).status, 1)
  await writeFile(action, '#!/bin/sh\nexit 0\n')
  await lab.kopia.must('snapshot', 'create', bad)
  const recovered = await figuresAfter(lab.gateway, bad, 2)
  assert.deepEqual([recovered.status, recovered.durations], [1, ['success']])
  assert.deepEqual(recovered.attempts, { success: 1, failed: 1, incomplete: 0 })
  assert.deepEqual((await figuresOf(lab.gateway, good)).attempts, { success: 1, failed: 0, incomplete: 0 })
})
