import assert from 'node:assert/strict'
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { machineProcesses } from '../../agent/kopia/runs/process.ts'
import { lockHolder, takeLock } from '../../agent/ledger/lock.ts'
import { cleanUpAfter } from '../support/cleanup.ts'
import { temporaryFolder } from '../support/folder.ts'
import { projectFolder } from '../support/tools.ts'

const { findLiving } = machineProcesses

const hasBootId = existsSync('/proc/sys/kernel/random/boot_id')

/** A process that lives until the end of the test. */
async function startProcess(context: TestContext): Promise<ChildProcess & { readonly pid: number }> {
  const child = fork(join(projectFolder, 'test/support/lock-starter.ts'))
  const ended = once(child, 'exit')
  cleanUpAfter(context, () => {
    child.kill('SIGKILL')
    return ended
  })
  await once(child, 'spawn')
  return Object.assign(child, { pid: child.pid ?? 0 })
}

test('one agent per state directory: the second learns which process the first is', async (context) => {
  const folder = await temporaryFolder(context)
  const { pid } = await startProcess(context)
  const lock = await takeLock(folder, pid)
  assert.deepEqual(await takeLock(folder, process.pid), { kind: 'held', processId: pid })
  assert.equal(await lockHolder(folder), pid)
  assert.deepEqual(await readdir(folder), ['agent.pid'])
  assert.ok(lock.kind === 'taken')
  await lock.release()
  assert.deepEqual([await readdir(folder), await lockHolder(folder)], [[], undefined])
})

test('a lock of an earlier version, with pid and start time only, is understood', async (context) => {
  const folder = await temporaryFolder(context)
  const { pid } = await startProcess(context)
  await writeFile(join(folder, 'agent.pid'), `${pid} ${findLiving(pid)}\n`)
  assert.equal(await lockHolder(folder), pid)
  assert.deepEqual(await takeLock(folder, process.pid), { kind: 'held', processId: pid })
})

for (const [name, text] of Object.entries({
  'of a process that is gone': `${2 ** 22 + 1} 123`,
  'whose pid is now that of another process': '1 123',
  'that is empty after a power loss': '',
  'with a pid alone': `${process.ppid}`,
  'with the pid and start time of a living process, from before a reboot': `${process.ppid} ${findLiving(process.ppid)} 3a0c6f2e-0000-4000-8000-000000000000`,
})) {
  test(`a lock ${name} is taken over`, { skip: !hasBootId && name.includes('reboot') }, async (context) => {
    const folder = await temporaryFolder(context)
    await writeFile(join(folder, 'agent.pid'), text)
    assert.equal(await lockHolder(folder), undefined)
    assert.equal((await takeLock(folder, process.pid)).kind, 'taken')
    assert.match(
      await readFile(join(folder, 'agent.pid'), 'utf8'),
      new RegExp(`^${process.pid} ${findLiving(process.pid)}${hasBootId ? ' [0-9a-f-]{36}' : ''}\n$`),
    )
    assert.deepEqual(await readdir(folder), ['agent.pid'])
  })
}

test('a lock that another process took over meanwhile is not released', async (context) => {
  const folder = await temporaryFolder(context)
  const lock = await takeLock(folder, process.pid)
  assert.ok(lock.kind === 'taken')
  await writeFile(join(folder, 'agent.pid'), '1 2 3')
  await lock.release()
  assert.equal(await readFile(join(folder, 'agent.pid'), 'utf8'), '1 2 3')
})

test('a starter that was killed holds nobody up, and its file is removed', async (context) => {
  const folder = await temporaryFolder(context)
  await writeFile(join(folder, 'agent.pid'), '1 123')
  await writeFile(join(folder, 'agent.pid.1 123'), '')
  assert.equal((await takeLock(folder, process.pid)).kind, 'taken')
  assert.deepEqual(await readdir(folder), ['agent.pid'])
})

test('of several that find the same dead lock at once, one takes it', async (context) => {
  const folder = await temporaryFolder(context)
  await writeFile(join(folder, 'agent.pid'), `${process.ppid} 0`)
  const locks = await Promise.all([process.pid, process.ppid, 1].map((pid) => takeLock(folder, pid)))
  assert.deepEqual(locks.map(({ kind }) => kind).sort(), ['held', 'held', 'taken'])
})

test('of eight processes that start at once, exactly one takes the lock, new or left by a dead agent', async (context) => {
  const folder = await temporaryFolder(context)
  const starters = await Promise.all(Array.from({ length: 8 }, () => startProcess(context)))
  for (let round = 0; round < 20; round += 1) {
    const state = join(folder, `${round}`)
    await mkdir(state)
    if (round % 2 === 1) await writeFile(join(state, 'agent.pid'), '1 123')
    const answers = starters.map((starter) => once(starter, 'message'))
    for (const starter of starters) starter.send(state)
    const locks = (await Promise.all(answers)).map(([lock]) => lock)
    const winners = starters.filter((_, index) => locks[index].kind === 'taken')
    assert.equal(winners.length, 1, JSON.stringify(locks))
    assert.equal(await lockHolder(state), winners[0]?.pid)
    assert.deepEqual(await readdir(state), ['agent.pid'])
  }
})
