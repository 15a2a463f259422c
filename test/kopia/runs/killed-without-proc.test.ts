// A killed backup where there is no /proc: a real process and a real ps, and the log that Kopia would have written.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { processesOn } from '../../../agent/kopia/runs/process.ts'
import { createRunTracker } from '../../../agent/kopia/runs/tracker.ts'
import { cleanUpAfter } from '../../support/cleanup.ts'
import { temporaryFolder } from '../../support/folder.ts'

test('a backup that is killed is over at the next look, and not before', async (context) => {
  const directory = join(await temporaryFolder(context), 'cli-logs')
  await mkdir(directory)
  const child = spawn(process.execPath, ['-e', 'process.stdin.resume()'], {
    stdio: ['pipe', 'ignore', 'inherit'],
  })
  cleanUpAfter(context, () => child.kill('SIGKILL'))
  await once(child, 'spawn')
  const begun = new Date().toISOString()
  const time = begun.slice(0, 19).replace(/[-:]/g, '').replace('T', '-')
  const log = join(directory, `kopia-${time}-${child.pid}-snapshot-create.0.log`)
  await writeFile(
    log,
    `${begun.replace('Z', '000Z')} INFO kopia/cli Snapshotting alice@mac:/Users/alice ...\n`,
  )
  const tracker = createRunTracker({
    directory,
    configurationPath: join(directory, 'repository.config'),
    runs: new Map(),
    nowSeconds: () => Date.now() / 1000,
    onFault: (name, error) => assert.fail(`${name}: ${error}`),
    processes: processesOn('darwin'),
  })
  await tracker.sweep()
  await tracker.endFinishedRuns()
  const states = () => [...tracker.runs.values()].map(({ state }) => state)
  assert.deepEqual(states(), ['open'])
  assert.equal(tracker.areProcessesVisible(), true)
  child.kill('SIGKILL')
  await once(child, 'exit')
  await tracker.endFinishedRuns()
  assert.deepEqual(states(), ['ended'])
})
