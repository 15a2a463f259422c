import assert from 'node:assert/strict'
import { mkdir, readdir, symlink, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { parseEvent } from '../../agent/spool/event.ts'
import { createSpool } from '../../agent/spool/spool.ts'
import { temporaryFolder } from '../support/folder.ts'

function event(change: Readonly<Record<string, string>> = {}): Buffer {
  const entries = {
    KOPIA_ACTION: 'before-snapshot-root',
    KOPIA_SNAPSHOT_ID: 'a1b2',
    KOPIA_SOURCE_PATH: '/data',
    KOPIA_SNAPSHOT_PATH: '/data',
    KOPIA_VERSION: 'v0.23.1',
    PARENT_PID: '42',
    PHASE: 'call',
    ACTION_EXIT_CODE: '',
    ...change,
  }
  return Buffer.from(
    Object.entries(entries)
      .map(([name, value]) => `${name}=${value}\0`)
      .join(''),
  )
}

test('an event tells of a call of a hook', () => {
  assert.deepEqual(parseEvent(event(), 17.5), {
    action: 'before',
    phase: 'call',
    callId: 'a1b2',
    path: '/data',
    processId: 42,
    at: 17.5,
  })
  assert.equal(parseEvent(event({ KOPIA_ACTION: 'after-snapshot-root' }), 0).action, 'after')
})

test('a path survives whatever it holds', () => {
  const path = '/a\nKOPIA_ACTION=x\t"\\{}=é'
  assert.equal(parseEvent(event({ KOPIA_SOURCE_PATH: path }), 0).path, path)
})

test('a broken event is refused with its reason', () => {
  assert.throws(() => parseEvent(Buffer.from(''), 0), /cut off/)
  assert.throws(() => parseEvent(event().subarray(0, 60), 0), /cut off/)
  assert.throws(() => parseEvent(Buffer.from('rubbish\0'), 0), /NAME=value/)
  assert.throws(() => parseEvent(event({ PARENT_PID: 'x' }), 0), /PARENT_PID/)
  assert.throws(() => parseEvent(event({ PHASE: 'x' }), 0), /PHASE/)
  assert.throws(() => parseEvent(event({ KOPIA_ACTION: 'before-folder' }), 0), /before-folder/)
  assert.throws(() => parseEvent(event({ KOPIA_SOURCE_PATH: '' }), 0), /KOPIA_SOURCE_PATH is missing/)
  assert.throws(
    () => parseEvent(event({ KOPIA_SOURCE_PATH: 'x'.repeat(40_000) }), 0),
    /more than 32768 bytes/,
  )
})

test('events are taken once, oldest first, and removed only when told to', async (context) => {
  const folder = await temporaryFolder(context)
  const spool = createSpool(folder, () => assert.fail('no event is broken'))
  await writeFile(join(folder, 'z.event'), event({ KOPIA_SNAPSHOT_ID: 'first' }))
  await writeFile(join(folder, 'a.event'), event({ KOPIA_SNAPSHOT_ID: 'second' }))
  await writeFile(join(folder, 'unfinished.part'), event())
  const { utimes } = await import('node:fs/promises')
  await utimes(join(folder, 'z.event'), 1000, 1000)
  const events = await spool.take()
  assert.deepEqual(
    events.map(({ call }) => call.callId),
    ['first', 'second'],
  )
  assert.deepEqual(await spool.take(), [])
  assert.deepEqual((await readdir(folder)).sort(), ['a.event', 'unfinished.part', 'z.event'])
  await spool.remove(['a.event', 'z.event'])
  assert.deepEqual(await readdir(folder), ['unfinished.part'])
})

test('what is no event is set aside once, links are not followed, and the good ones are taken all the same', async (context) => {
  const folder = await temporaryFolder(context)
  const broken: string[] = []
  const spool = createSpool(folder, (fileName) => broken.push(fileName))
  await writeFile(join(folder, 'broken.event'), 'rubbish')
  await mkdir(join(folder, 'folder.event'))
  await writeFile(join(folder, 'target'), event())
  await symlink(join(folder, 'target'), join(folder, 'link.event'))
  await writeFile(join(folder, 'good.event'), event())
  assert.deepEqual(
    (await spool.take()).map(({ fileName }) => fileName),
    ['good.event'],
  )
  assert.deepEqual(broken.sort(), ['broken.event', 'folder.event', 'link.event'])
  assert.deepEqual(await spool.take(), [])
  assert.equal(broken.length, 3)
  assert.ok((await readdir(folder)).includes('broken.event.broken'))
})

test('what hooks that were killed left half, and what was set aside long ago, goes away', async (context) => {
  const folder = await temporaryFolder(context)
  const spool = createSpool(folder, () => undefined)
  const weekSeconds = 7 * 24 * 3600
  for (const name of ['old.part', 'old.event', 'old.event.broken', 'new.part']) {
    await writeFile(join(folder, name), '')
    if (name.startsWith('old')) await utimes(join(folder, name), 1000, 1000)
  }
  await spool.tidy(1000 + weekSeconds + 1)
  assert.deepEqual((await readdir(folder)).sort(), ['new.part', 'old.event'])
})
