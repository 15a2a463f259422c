// A start that takes long because of long logs: the agent misses nothing that happens meanwhile.

import assert from 'node:assert/strict'
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { breakAction, createLab, figuresAfter, figuresOf, installHooks } from '../support/lab.ts'
import { makeEndlessLog, readyAndReading, startReading, upToDate } from '../support/long-start.ts'
import { tool } from '../support/tools.ts'
import { waitFor } from '../support/wait.ts'

test('backups that end while the agent still reads old logs are counted, even if it is killed meanwhile', async (context) => {
  const lab = await createLab(context)
  const [good, bad] = [await lab.makeSource('good'), await lab.makeSource('bad')]
  await installHooks(lab.kopia, good)
  await lab.kopia.must('snapshot', 'create', good)
  await breakAction(lab, bad)

  await makeEndlessLog(context, lab)
  const first = await startReading(context, lab)
  assert.deepEqual(await first.readiness(), readyAndReading)
  await lab.kopia.must('snapshot', 'create', good)
  assert.notEqual((await lab.kopia.run('snapshot', 'create', bad)).exitCode, 0)
  await first.running.stop('SIGKILL')
  await lab.kopia.must('snapshot', 'create', good)

  const endless = await makeEndlessLog(context, lab)
  const second = await startReading(context, lab)
  await lab.kopia.must('snapshot', 'create', good)
  assert.deepEqual(await second.readiness(), readyAndReading)
  assert.deepEqual((await figuresOf(lab.gateway, good)).attempts, {})

  await endless.truncate(0)
  const figures = await figuresAfter(lab.gateway, good, 3)
  assert.deepEqual(figures.attempts, { success: 3, failed: 0, incomplete: 0 })
  assert.equal(figures.snapshots.all, 4)
  assert.deepEqual((await figuresOf(lab.gateway, bad)).attempts, { success: 0, failed: 1, incomplete: 0 })
  assert.deepEqual(await second.readiness(), upToDate)
  assert.equal(await second.running.stop(), 0)
})

test('a backup from before the first start is not counted, even if the repository shows its result only later', async (context) => {
  const lab = await createLab(context)
  const path = await lab.makeSource('photos')
  await installHooks(lab.kopia, path)
  await mkdir(lab.spool, { recursive: true, mode: 0o700 })
  await lab.kopia.must('snapshot', 'create', '--disable-file-logging', path)
  assert.equal((await readdir(lab.spool)).length, 2)
  const away = join(lab.folder, 'repository-is-away')
  await writeFile(away, '')
  const kopia = join(lab.folder, 'kopia-wrapper')
  await writeFile(kopia, `#!/bin/sh\n[ ! -e '${away}' ] && exec '${tool('kopia')}' "$@"\n`, { mode: 0o755 })
  const agent = await lab.startAgent({
    KOPIA_METRICS_KOPIA_BIN: kopia,
    KOPIA_METRICS_REFRESH_SCHEDULE: '* * * * * *',
  })
  assert.match(agent.output(), /Kopia can't be asked/)
  await rm(away)
  const figures = await waitFor('the repository shows the result', async () => {
    const seen = await figuresOf(lab.gateway, path)
    return seen.status === 1 ? seen : undefined
  })
  assert.deepEqual(figures.attempts, { success: 0, failed: 0, incomplete: 0 })
})
