import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import {
  chmod,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { parseEvent } from '../../agent/spool/event.ts'
import { createSpool, type Spool } from '../../agent/spool/spool.ts'
import { firstSpool } from '../support/first-release.ts'
import { temporaryFolder } from '../support/folder.ts'
import { projectFolder } from '../support/tools.ts'

const weekSeconds = 7 * 24 * 3600

function event(change: Readonly<Record<string, string>> = {}): Buffer {
  const entries = {
    KOPIA_ACTION: 'before-snapshot-root',
    KOPIA_SNAPSHOT_ID: 'a1b2',
    KOPIA_SOURCE_PATH: '/data',
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

/** A spool in a folder of its own, with what it reports: `broken NAME`, `fault REASON`, `recovered`. */
async function createTestSpool(
  context: TestContext,
): Promise<{ readonly folder: string; readonly spool: Spool; readonly reports: string[] }> {
  const folder = join(await temporaryFolder(context), 'spool')
  await mkdir(folder, { mode: 0o700 })
  const reports: string[] = []
  const spool = createSpool(folder, {
    onBroken: (fileName) => reports.push(`broken ${fileName}`),
    onFault: (reason) => reports.push(`fault ${reason}`),
    onRecovered: () => reports.push('recovered'),
  })
  return { folder, spool, reports }
}

const namesTaken = async (spool: Spool) => (await spool.take()).map(({ fileName }) => fileName)

/** Runs `work` as a user who may not read what only root or this user's mode 0 allows. */
async function asNobody<T>(work: () => Promise<T>): Promise<T> {
  const isRoot = process.getuid?.() === 0
  if (isRoot) process.seteuid?.(65_534)
  try {
    return await work()
  } finally {
    if (isRoot) process.seteuid?.(0)
  }
}

test('an event of the hooks of 0.1.0 reports one call', async () => {
  for (const [number, action] of [
    ['5520', 'before'],
    ['5522', 'after'],
  ]) {
    const bytes = await readFile(join(firstSpool, `9460e06d1f82d959-${number}.event`))
    assert.deepEqual(parseEvent(bytes, 17), {
      phase: 'call',
      action,
      callId: '9460e06d1f82d959',
      path: '/data/hooked',
      processId: 5505,
      at: 17,
    })
  }
})

test('an event describes one call of a hook', () => {
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

test('an event of an older hook, with entries that are not read any more, is understood', () => {
  const older = event({ KOPIA_SNAPSHOT_PATH: '/data', KOPIA_VERSION: 'v0.23.1' })
  assert.deepEqual(parseEvent(older, 17.5), parseEvent(event(), 17.5))
})

test('a path is kept whatever it contains', () => {
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

test('events are taken once, oldest first, and removed only on request', async (context) => {
  const { folder, spool, reports } = await createTestSpool(context)
  await writeFile(join(folder, 'z.event'), event({ KOPIA_SNAPSHOT_ID: 'first' }))
  await writeFile(join(folder, 'a.event'), event({ KOPIA_SNAPSHOT_ID: 'second' }))
  await writeFile(join(folder, 'unfinished.part'), event())
  await utimes(join(folder, 'z.event'), 1000, 1000)
  const events = await spool.take()
  assert.deepEqual(
    events.map(({ call }) => call.callId),
    ['first', 'second'],
  )
  assert.deepEqual(await spool.take(), [])
  assert.deepEqual((await readdir(folder)).sort(), ['a.event', 'unfinished.part', 'z.event'])
  await spool.remove(['a.event', 'z.event', 'deleted-by-a-hook.event'])
  assert.deepEqual(await readdir(folder), ['unfinished.part'])
  assert.deepEqual(reports, [])
})

test('files that are no events are set aside once, links are not followed, and the events are taken', async (context) => {
  const { folder, spool, reports } = await createTestSpool(context)
  await writeFile(join(folder, 'broken.event'), 'rubbish')
  await writeFile(join(folder, 'large.event'), event({ KOPIA_SOURCE_PATH: 'x'.repeat(40_000) }))
  await mkdir(join(folder, 'folder.event'))
  await writeFile(join(folder, 'target'), event())
  await symlink(join(folder, 'target'), join(folder, 'link.event'))
  execFileSync('mkfifo', [join(folder, 'pipe.event')])
  await writeFile(join(folder, 'good.event'), event())
  assert.deepEqual(await namesTaken(spool), ['good.event'])
  const broken = ['broken', 'folder', 'large', 'link', 'pipe'].map((name) => `broken ${name}.event`)
  assert.deepEqual(reports.sort(), broken)
  assert.deepEqual(await spool.take(), [])
  assert.equal(reports.length, broken.length)
  assert.ok((await readdir(folder)).includes('broken.event.broken'))
})

test('an event that may not be read now stays, is reported once, and is taken once it may', async (context) => {
  const { folder, spool, reports } = await createTestSpool(context)
  const closed = ['one.event', 'two.event']
  await chmod(join(folder, '..'), 0o755)
  await chmod(folder, 0o755)
  for (const name of closed) {
    await writeFile(join(folder, name), event())
    await chmod(join(folder, name), 0)
  }
  assert.deepEqual(await asNobody(() => spool.take()), [])
  assert.deepEqual(await asNobody(() => spool.take()), [])
  assert.equal(reports.length, 1)
  assert.match(reports[0] ?? '', /^fault EACCES: permission denied, open '.*\.event'$/)
  for (const name of closed) await chmod(join(folder, name), 0o600)
  assert.deepEqual((await namesTaken(spool)).sort(), closed)
  assert.deepEqual(reports.slice(1), ['recovered'])
})

/** Reads the event in `argv[1]` while no file descriptor is free, and takes it once they are. */
const withoutDescriptors = `
  import { closeSync, openSync } from 'node:fs'
  import { readEventFile } from '${join(projectFolder, 'agent/spool/event-file.ts')}'
  import { createSpool } from '${join(projectFolder, 'agent/spool/spool.ts')}'
  const reports = []
  const spool = createSpool(process.argv[1], {
    onBroken: () => reports.push('broken'),
    onFault: (reason) => reports.push(reason.split(':')[0]),
    onRecovered: () => reports.push('recovered'),
  })
  const open = []
  try { for (;;) open.push(openSync('/dev/null')) } catch {}
  // Listing the folder needs a descriptor too, so the file is also read alone.
  const { kind } = await readEventFile(process.argv[1] + '/one.event')
  for (let time = 0; time < 3; time += 1) await spool.take()
  for (const descriptor of open) closeSync(descriptor)
  const names = (await spool.take()).map(({ fileName }) => fileName)
  console.log(JSON.stringify({ kind, names, reports }))
`

test('without a free file descriptor an event stays, and is taken once there is one', async (context) => {
  const { folder } = await createTestSpool(context)
  await writeFile(join(folder, 'one.event'), event())
  const { stdout, stderr } = spawnSync(
    'sh',
    [
      '-c',
      'ulimit -n 64; exec "$0" "$@"',
      process.execPath,
      '--input-type=module-typescript',
      '--eval',
      withoutDescriptors,
      folder,
    ],
    { encoding: 'utf8' },
  )
  assert.ok(stdout !== '', stderr)
  assert.deepEqual(JSON.parse(stdout), {
    kind: 'unreadable',
    names: ['one.event'],
    reports: ['EMFILE', 'recovered'],
  })
})

test('a spool that is removed is made again for its owner alone, and reported once', async (context) => {
  const { folder, spool, reports } = await createTestSpool(context)
  await rm(folder, { recursive: true })
  await spool.tidy(1000)
  assert.deepEqual(await spool.take(), [])
  assert.equal((await stat(folder)).mode & 0o777, 0o700)
  await writeFile(join(folder, 'one.event'), event())
  assert.deepEqual(await namesTaken(spool), ['one.event'])
  assert.deepEqual(reports, [`fault ${folder} is missing: it is made again`, 'recovered'])
})

test('a spool that becomes unreadable is reported once per change, and used once it can be read', async (context) => {
  const { folder, spool, reports } = await createTestSpool(context)
  await writeFile(join(folder, 'one.event'), event())
  await chmod(folder, 0)
  for (let time = 0; time < 3; time += 1) assert.deepEqual(await asNobody(() => spool.take()), [])
  await asNobody(() => spool.tidy(1000))
  await chmod(folder, 0o700)
  assert.deepEqual(await namesTaken(spool), ['one.event'])
  await rm(folder, { recursive: true })
  await writeFile(folder, 'a file')
  for (let time = 0; time < 3; time += 1) assert.deepEqual(await spool.take(), [])
  await rm(folder)
  await spool.take()
  await spool.take()
  assert.deepEqual(
    reports.map((report) => report.replace(/(EACCES|ENOTDIR).*/, '$1')),
    [
      'fault EACCES',
      'recovered',
      'fault ENOTDIR',
      `fault ${folder} is missing: it is made again`,
      'recovered',
    ],
  )
})

test('an event that can not be removed is removed by a later call, and not taken again before', async (context) => {
  const { folder, spool, reports } = await createTestSpool(context)
  await chmod(join(folder, '..'), 0o755)
  await chmod(folder, 0o755)
  await writeFile(join(folder, 'one.event'), event())
  await chmod(join(folder, 'one.event'), 0o644)
  assert.deepEqual(await namesTaken(spool), ['one.event'])
  await chmod(folder, 0o555)
  await asNobody(() => spool.remove(['one.event']))
  assert.deepEqual(await spool.take(), [])
  await chmod(folder, 0o755)
  await spool.remove([])
  assert.deepEqual(await readdir(folder), [])
  assert.match(reports[0] ?? '', /^fault EACCES: permission denied, (unlink|rm) /)
  assert.deepEqual(reports.slice(1), ['recovered'])
})

test('files that killed hooks left and files that were set aside are removed after a week', async (context) => {
  const { folder, spool, reports } = await createTestSpool(context)
  for (const name of ['old.part', 'old.event', 'old.event.broken', 'new.part']) {
    await writeFile(join(folder, name), '')
    if (name.startsWith('old')) await utimes(join(folder, name), 1000, 1000)
  }
  await spool.tidy(1000 + weekSeconds + 1)
  assert.deepEqual((await readdir(folder)).sort(), ['new.part', 'old.event'])
  assert.deepEqual(reports, [])
})

test('tidying goes on while hooks rename and remove their files', async (context) => {
  const { folder, spool, reports } = await createTestSpool(context)
  let isTidying = true
  async function leaveEvents(hook: number): Promise<void> {
    while (isTidying) {
      const name = join(folder, `${hook}`)
      await writeFile(`${name}.part`, event())
      await rename(`${name}.part`, `${name}.event`)
      await rm(`${name}.event`)
    }
  }
  const hooks = Promise.all(Array.from({ length: 4 }, (_, hook) => leaveEvents(hook)))
  const results = []
  for (let time = 0; time < 60; time += 1) {
    results.push(...(await Promise.allSettled([spool.tidy(Date.now() / 1000)])))
  }
  isTidying = false
  await hooks
  assert.deepEqual(
    results.filter(({ status }) => status === 'rejected'),
    [],
  )
  assert.deepEqual(reports, [])
})

test('one file that can not be removed does not keep the others', async (context) => {
  const { folder, spool, reports } = await createTestSpool(context)
  const names = ['a-mount.part', ...['b', 'c', 'd'].map((name) => `${name}.part`)]
  await mkdir(join(folder, 'a-mount.part'))
  for (const name of names.slice(1)) await writeFile(join(folder, name), '')
  // A mounted file system can't be removed, not even by root.
  const mounted = spawnSync('mount', ['-t', 'tmpfs', 'tmpfs', join(folder, 'a-mount.part')])
  if (mounted.status !== 0) return context.skip('mounting needs root')
  try {
    for (const name of names) await utimes(join(folder, name), 1000, 1000)
    await spool.tidy(1000 + weekSeconds + 1)
    await spool.tidy(1000 + weekSeconds + 1)
    assert.deepEqual(await readdir(folder), ['a-mount.part'])
    assert.equal(reports.length, 1)
    assert.match(reports[0] ?? '', /^fault EBUSY/)
  } finally {
    spawnSync('umount', [join(folder, 'a-mount.part')])
  }
})
