// Real processes: whether they live, and whether they write the log of a run.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { machineProcesses, visibleIdOf } from '../../../agent/kopia/runs/process.ts'
import { cleanUpAfter } from '../../support/cleanup.ts'
import { temporaryFolder } from '../../support/folder.ts'
import { runId } from '../../support/tracking.ts'

const { findLiving, isAlive } = machineProcesses
const onLinux = { skip: process.platform === 'linux' ? false : 'only Linux has /proc' }

/** Starts a process that holds a file open until it is killed. */
async function startHolding(context: TestContext, fileName: string) {
  const file = join(await temporaryFolder(context), fileName)
  await writeFile(file, '')
  const script = `require('fs').openSync(${JSON.stringify(file)}, 'a'); process.stdout.write('open'); process.stdin.resume()`
  const child = spawn(process.execPath, ['-e', script], { stdio: ['pipe', 'pipe', 'inherit'] })
  cleanUpAfter(context, () => child.kill('SIGKILL'))
  await once(child.stdout, 'data')
  assert.ok(child.pid !== undefined)
  return { processId: child.pid, child }
}

test('the writer of a run is the process that holds one of its segments open', onLinux, async (context) => {
  const { processId } = await startHolding(context, `kopia-${runId}.1.log`)
  const identity = machineProcesses.findWriter(processId, runId)
  assert.ok(identity !== undefined)
  assert.equal(identity, findLiving(processId))
  assert.equal(machineProcesses.findWriter(processId, runId.replace('create', 'verify')), undefined)
  assert.equal(machineProcesses.findWriter(process.pid, runId), undefined)
  assert.equal(machineProcesses.findWriterInContainers(processId, runId), undefined)
})

test(
  'a process lives until it is killed, and another one with its pid is not it',
  onLinux,
  async (context) => {
    const { processId, child } = await startHolding(context, 'file')
    const identity = findLiving(processId)
    assert.ok(identity !== undefined)
    assert.equal(isAlive(processId, identity), true)
    assert.equal(isAlive(processId, '1'), false)
    child.kill('SIGKILL')
    await once(child, 'exit')
    assert.equal(isAlive(processId, identity), false)
    assert.equal(findLiving(processId), undefined)
  },
)

test('a process tells when it started, a thread and a free pid do not', onLinux, async (context) => {
  const before = Date.now() / 1000
  const { processId, child } = await startHolding(context, 'file')
  const since = machineProcesses.livingSince(processId) ?? Number.NaN
  // The kernel counts in hundredths of a second.
  assert.ok(since > before - 0.1 && since < Date.now() / 1000 + 0.1, `${since}`)
  const thread = (await readdir(`/proc/${processId}/task`)).map(Number).find((id) => id !== processId)
  assert.ok(thread !== undefined)
  assert.equal(machineProcesses.livingSince(thread), undefined)
  child.kill('SIGKILL')
  await once(child, 'exit')
  assert.equal(machineProcesses.livingSince(processId), undefined)
})

test('a process in a container is looked at by the pid that it has here', onLinux, async (context) => {
  const { processId } = await startHolding(context, 'file')
  const identity = findLiving(processId)
  assert.equal(isAlive(1, `${identity}@${processId}`), true)
  assert.deepEqual([visibleIdOf(7, '123'), visibleIdOf(7, '123@9007')], [7, 9007])
})

test('the machine started before this process', () => {
  assert.ok(machineProcesses.bootedAt() < Date.now() / 1000 - process.uptime())
})
