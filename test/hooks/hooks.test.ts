import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdir, readdir, readFile, utimes, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { parseEvent } from '../../agent/spool/event.ts'
import { temporaryFolder } from '../support/folder.ts'
import { hooks } from '../support/kopia.ts'
import { tool } from '../support/tools.ts'

const fromKopia = {
  PATH: process.env.PATH,
  KOPIA_ACTION: 'before-snapshot-root',
  KOPIA_SNAPSHOT_ID: '91769218191a85d3',
  KOPIA_SOURCE_PATH: '/data\nwith "newline"\t\\ {} é',
  KOPIA_SNAPSHOT_PATH: '/data',
  KOPIA_VERSION: 'v0.23.1',
  KOPIA_PASSWORD: 'must not be kept',
}

function call(hook: string, environment: NodeJS.ProcessEnv) {
  return spawnSync(hook, [], { env: environment, input: 'nothing to read', encoding: 'utf8' })
}

function assertSilentSuccess(result: ReturnType<typeof call>): void {
  assert.deepEqual([result.status, result.stdout, result.stderr], [0, '', ''])
}

for (const [name, hook] of Object.entries(hooks)) {
  test(`${name}: writes an event that the agent reads, with these entries only`, async (context) => {
    const state = await temporaryFolder(context)
    const spool = join(state, 'spool')
    await mkdir(spool)
    const action = `${name}-snapshot-root`
    assertSilentSuccess(call(hook, { ...fromKopia, KOPIA_ACTION: action, KOPIA_METRICS_STATE_DIR: state }))
    const [fileName = '', ...others] = await readdir(spool)
    assert.match(fileName, /^91769218191a85d3-\d+-call\.event$/)
    assert.deepEqual(others, [])
    const bytes = await readFile(join(spool, fileName))
    const { action: recorded, callId, path, processId } = parseEvent(bytes, 0)
    assert.deepEqual(
      { recorded, callId, path, processId },
      {
        recorded: name,
        callId: fromKopia.KOPIA_SNAPSHOT_ID,
        path: fromKopia.KOPIA_SOURCE_PATH,
        processId: process.pid,
      },
    )
    const entries = bytes.toString().split('\0').slice(0, -1)
    assert.deepEqual(
      entries.map((entry) => entry.slice(0, entry.indexOf('='))),
      [
        'KOPIA_ACTION',
        'KOPIA_SNAPSHOT_ID',
        'KOPIA_SOURCE_PATH',
        'PARENT_PID',
        'PHASE',
        'ACTION_EXIT_CODE',
        'ACTION_MODE',
      ],
    )
    assert.ok(!bytes.includes(fromKopia.KOPIA_PASSWORD))
  })
}

test('a path that is not UTF-8 is recorded byte for byte', async (context) => {
  const state = await temporaryFolder(context)
  await mkdir(join(state, 'spool'))
  const { KOPIA_SOURCE_PATH: _, ...environment } = fromKopia
  // printf makes the bytes that a JavaScript string can't hold.
  const script = `KOPIA_SOURCE_PATH=$(printf '/a\\377\\200b') exec "$0"`
  execFileSync('sh', ['-c', `export KOPIA_SOURCE_PATH; ${script}`, hooks.before], {
    env: { ...environment, KOPIA_METRICS_STATE_DIR: state },
  })
  const [fileName = ''] = await readdir(join(state, 'spool'))
  const bytes = await readFile(join(state, 'spool', fileName))
  assert.ok(bytes.includes(Buffer.from([0x2f, 0x61, 0xff, 0x80, 0x62, 0])))
})

test('without a spool, a hook still succeeds and prints nothing', async (context) => {
  const state = await temporaryFolder(context)
  const nowhere = { ...fromKopia, HOME: state, XDG_STATE_HOME: state }
  assertSilentSuccess(call(hooks.before, { ...nowhere, KOPIA_METRICS_STATE_DIR: join(state, 'missing') }))
  await writeFile(join(state, 'spool'), 'a file where a folder should be')
  assertSilentSuccess(call(hooks.before, { ...nowhere, KOPIA_METRICS_STATE_DIR: state }))
})

test('on a full disk, a hook still succeeds and prints nothing, and leaves no incomplete event', async (context) => {
  const state = await temporaryFolder(context)
  const spool = join(state, 'spool')
  await mkdir(spool)
  // A file system of one page: the folder itself fills it (tmpfs(5), nr_inodes).
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=4k,nr_inodes=2', 'tmpfs', spool])
  if (mounted.status !== 0) return context.skip('mounting a full disk needs root')
  try {
    await writeFile(join(spool, 'filler'), 'x'.repeat(4096))
    assertSilentSuccess(call(hooks.before, { ...fromKopia, KOPIA_METRICS_STATE_DIR: state }))
    assert.deepEqual(await readdir(spool), ['filler'])
  } finally {
    spawnSync('umount', [spool])
  }
})

test('while no agent empties the spool, the hook keeps it bounded by removing the oldest events', async (context) => {
  const state = await temporaryFolder(context)
  const spool = join(state, 'spool')
  await mkdir(spool)
  for (let index = 0; index < 1500; index += 1) {
    await writeFile(join(spool, `${index}-1-call.event`), '')
    await utimes(join(spool, `${index}-1-call.event`), index, index)
  }
  const environment = { ...fromKopia, KOPIA_METRICS_STATE_DIR: state }
  assertSilentSuccess(call(hooks.before, { ...environment, KOPIA_SNAPSHOT_ID: '91769218191a85d3' }))
  assert.equal((await readdir(spool)).length, 1501)
  assertSilentSuccess(call(hooks.before, { ...environment, KOPIA_SNAPSHOT_ID: '91769218191a85d0' }))
  const left = await readdir(spool)
  assert.equal(left.length, 1001)
  assert.deepEqual(
    left.filter((name) => Number.parseInt(name, 10) < 501),
    [],
  )
  assert.equal(left.filter((name) => name.startsWith('91769218191a85d')).length, 2)
})

test('an id that is no file name writes nothing outside the spool', async (context) => {
  const state = await temporaryFolder(context)
  await mkdir(join(state, 'spool'))
  assertSilentSuccess(
    call(hooks.before, { ...fromKopia, KOPIA_SNAPSHOT_ID: '../escaped', KOPIA_METRICS_STATE_DIR: state }),
  )
  assert.deepEqual([await readdir(state), await readdir(join(state, 'spool'))], [['spool'], []])
})

test('a hook without the file beside it still succeeds', async (context) => {
  const folder = await temporaryFolder(context)
  const copy = join(folder, 'before-snapshot-root.sh')
  await writeFile(copy, await readFile(hooks.before), { mode: 0o755 })
  assertSilentSuccess(call(copy, { ...fromKopia, KOPIA_METRICS_STATE_DIR: folder }))
})

/** What /bin/sh is on Debian, on macOS (bash 3.2 there), and on Alpine. */
const shells = [['dash'], ['bash', '--posix'], [tool('busybox'), 'sh']] as const

for (const shell of shells) {
  test(`${shell.join(' ')}: on macOS the spool in ~/Library is found`, async (context) => {
    const home = await temporaryFolder(context)
    const spool = join(home, 'Library', 'Application Support', 'kopia-metrics-agent', 'spool')
    await mkdir(spool, { recursive: true })
    const [program, ...parameters] = shell
    const { KOPIA_PASSWORD: _, ...environment } = { ...fromKopia, HOME: home }
    const result = spawnSync(program, [...parameters, hooks.after], { env: environment, encoding: 'utf8' })
    assertSilentSuccess(result)
    assert.match((await readdir(spool)).join(' '), /^91769218191a85d3-\d+-call\.event$/)
  })
}

/**
 * The programs of the hooks with the options that POSIX has for them, and macOS with it (mkfifo(1), rm(1), mv(1), ls(1), tail(1),
 * sh(1)). `mkfifo` without `-m`, `printf` and `kill` are built into the shells.
 */
const allowedOptions: Readonly<Record<string, readonly string[]>> = {
  mkfifo: [],
  rm: ['-f'],
  mv: ['-f'],
  ls: ['-t'],
  tail: ['-n'],
  '/bin/sh': ['-c'],
}

test('the hooks start only programs that macOS has, with options that it knows', async () => {
  const folder = dirname(hooks.before)
  const files = (await readdir(folder)).filter((name) => name.endsWith('.sh'))
  const lines = (await Promise.all(files.map((name) => readFile(join(folder, name), 'utf8'))))
    .flatMap((text) => text.split('\n'))
    .filter((line) => !line.trimStart().startsWith('#'))
  const started = lines.flatMap((line) =>
    [...line.matchAll(/(?:^|[|;&(] ?|do )\s*(mkfifo|rm|mv|ls|tail|\/bin\/sh)((?: -\S+)*)/g)].map(
      ([, program = '', options = '']) => [program, options.trim()] as const,
    ),
  )
  assert.deepEqual(
    [...new Set(started.map(([program]) => program))].sort(),
    Object.keys(allowedOptions).sort(),
  )
  for (const [program, options] of started)
    for (const option of options.split(' ').filter(Boolean))
      assert.ok(allowedOptions[program]?.includes(option), `${program} ${option}`)
  const others =
    /(?:^|[|;&(`] ?|\$\()\s*(stat|date|sed|awk|grep|mktemp|ps|readlink|realpath|touch|find|cut|tr|head|timeout|flock)\b/
  assert.deepEqual(
    lines.filter((line) => others.test(line)),
    [],
  )
})
