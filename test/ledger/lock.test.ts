import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { lockHolder, takeLock } from '../../agent/ledger/lock.ts'
import { cleanUpAfter } from '../support/cleanup.ts'
import { temporaryFolder } from '../support/folder.ts'
import { start } from '../support/processes.ts'

test('one agent per state directory, and the second learns who the first is', async (context) => {
  const folder = await temporaryFolder(context)
  const other = start('other', process.execPath, ['--eval', 'setInterval(() => undefined, 1000)'])
  cleanUpAfter(context, () => other.stop())
  await once(other.child, 'spawn')
  const { pid = 0 } = other.child
  const lock = await takeLock(folder, pid)
  assert.deepEqual(await takeLock(folder, process.pid), { kind: 'held', processId: pid })
  assert.equal(await lockHolder(folder), pid)
  assert.ok(lock.kind === 'taken')
  await lock.release()
  assert.deepEqual([await readdir(folder), await lockHolder(folder)], [[], undefined])
})

for (const [name, text] of Object.entries({
  'of a process that is gone': `${2 ** 22 + 1} 123`,
  'whose pid is now that of another process': '1 123',
  'that is empty, since the power went': '',
  'of an earlier version': `${process.pid}`,
})) {
  test(`a lock ${name} is taken over`, async (context) => {
    const folder = await temporaryFolder(context)
    await writeFile(join(folder, 'agent.pid'), text)
    assert.equal((await takeLock(folder, process.pid)).kind, 'taken')
    assert.match(await readFile(join(folder, 'agent.pid'), 'utf8'), new RegExp(`^${process.pid} \\d+\n$`))
    assert.deepEqual(await readdir(folder), ['agent.pid'])
  })
}

test('of many that find the same dead lock at once, one takes it', async (context) => {
  const folder = await temporaryFolder(context)
  const parent = String(process.ppid)
  const others = [process.pid, process.ppid, 1]
  await writeFile(join(folder, 'agent.pid'), `${parent} 0`)
  const locks = await Promise.all(others.map((pid) => takeLock(folder, pid)))
  assert.equal(locks.filter(({ kind }) => kind === 'taken').length, 1)
})
