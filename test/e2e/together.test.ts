// Many at once, and names at the limits of what a file system takes.

import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { createLab, figuresAfter } from '../support/lab.ts'
import { start } from '../support/processes.ts'
import { scrape } from '../support/prometheus.ts'
import { tool } from '../support/tools.ts'

test('several Kopia processes at the same time are each counted once', async (context) => {
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

test('a source that is a file', async (context) => {
  const lab = await createLab(context)
  const file = join(await lab.makeSource('photos'), 'file')
  await lab.startAgent()
  await lab.kopia.must('snapshot', 'create', file)
  const figures = await figuresAfter(lab.gateway, file, 1)
  assert.deepEqual([figures.status, figures.sizeBytes], [1, 1400])
})

test('a path of nearly 4 KiB', async (context) => {
  const lab = await createLab(context)
  let path = join(lab.folder, 'sources')
  while (path.length < 3700) path = join(path, 'x'.repeat(200))
  mkdirSync(path, { recursive: true })
  writeFileSync(join(path, 'file'), 'worth keeping')
  await lab.startAgent()
  await lab.kopia.must('snapshot', 'create', path)
  assert.equal((await figuresAfter(lab.gateway, path, 1)).status, 1)
})

test('a path that is not UTF-8 is reported once, with replacement characters', async (context) => {
  const lab = await createLab(context)
  const agent = await lab.startAgent()
  // A JavaScript string can't hold the bytes; printf makes them.
  const script = `path="$1/bad$(printf '\\377\\200')name" && mkdir "$path" && echo x >"$path/file" && "$2" snapshot create "$path"`
  const parameters = ['-c', script, 'sh', lab.folder, tool('kopia')]
  const running = start('kopia', 'sh', parameters, { environment: lab.kopia.environment })
  assert.equal(await running.ended, 0, running.output())
  const path = join(lab.folder, 'bad\uFFFD\uFFFDname')
  const figures = await figuresAfter(lab.gateway, path, 1)
  assert.deepEqual([figures.status, figures.attempts], [1, { success: 1, failed: 0, incomplete: 0 }])
  const all = (await scrape(agent.url)).get('kopia_backup_status') ?? []
  assert.deepEqual(
    all.map(({ labels }) => labels.path),
    [path],
  )
})
