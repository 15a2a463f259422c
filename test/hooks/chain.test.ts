// The hooks with an action of the user: they must change nothing for it, in each shell that /bin/sh can be.

import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { parseEvent } from '../../agent/spool/event.ts'
import { type Cleanable, cleanUpAfter } from '../support/cleanup.ts'
import { temporaryFolder } from '../support/folder.ts'
import { hooks } from '../support/kopia.ts'
import { tool } from '../support/tools.ts'
import { waitFor } from '../support/wait.ts'

type Shell = { readonly name: string; readonly command: readonly string[] }

/** What /bin/sh is on Debian, on macOS, Fedora and Arch, and on Alpine and most NAS systems. */
const shells: readonly Shell[] = [
  { name: 'dash', command: ['dash'] },
  { name: 'bash', command: ['bash', '--posix'] },
  { name: 'busybox', command: [tool('busybox'), 'sh'] },
]

type Place = { readonly folder: string; readonly spool: string; readonly environment: NodeJS.ProcessEnv }

/** Like Kopia, which runs each action in a new folder. */
async function makePlace(context: Cleanable): Promise<Place> {
  const folder = await temporaryFolder(context)
  const spool = join(folder, 'state', 'spool')
  await mkdir(spool, { recursive: true })
  await mkdir(join(folder, 'work'))
  const environment = {
    PATH: process.env.PATH,
    KOPIA_METRICS_STATE_DIR: join(folder, 'state'),
    KOPIA_ACTION: 'before-snapshot-root',
    KOPIA_SNAPSHOT_ID: '91769218191a85d3',
    KOPIA_SOURCE_PATH: '/data',
  }
  return { folder, spool, environment }
}

async function makeAction({ folder }: Place, lines: string): Promise<string> {
  const path = join(folder, 'action.sh')
  await writeFile(path, `#!/bin/sh\n${lines}\n`, { mode: 0o755 })
  return path
}

async function eventsIn(spool: string) {
  const files = (await readdir(spool)).sort()
  return Promise.all(files.map(async (file) => parseEvent(await readFile(join(spool, file)), 0)))
}

async function phasesIn(spool: string) {
  return (await eventsIn(spool)).map(({ phase, actionExitCode }) => [phase, actionExitCode])
}

function runToEnd({ folder, environment }: Place, command: readonly string[], input = '') {
  const [file = '', ...parameters] = command
  const { stdout, stderr, status } = spawnSync(file, parameters, {
    cwd: join(folder, 'work'),
    env: environment,
    input,
    encoding: 'utf8',
  })
  return { stdout, stderr, status }
}

/** Starts a command in a process group of its own, and stops whatever is left of the group after the test. */
function startGroup(context: Cleanable, { folder, environment }: Place, command: readonly string[]) {
  const [file = '', ...parameters] = command
  const child = spawn(file, parameters, {
    cwd: join(folder, 'work'),
    env: environment,
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  })
  const group = -(child.pid ?? Number.NaN)
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text
  })
  // 'close' comes when nobody holds standard output any more, which is what Kopia waits for.
  let isClosed = false
  const closed = once(child, 'close').then(([code, signal]: (number | NodeJS.Signals | null)[]) => {
    isClosed = true
    return code ?? signal
  })
  cleanUpAfter(context, async () => {
    if (isRunning(group)) process.kill(group, 'SIGKILL')
    await closed
  })
  return { child, group, closed, isClosed: () => isClosed, output: () => output }
}

function isRunning(processId: number): boolean {
  try {
    return process.kill(processId, 0)
  } catch {
    return false
  }
}

for (const { name, command: shell } of shells) {
  const chained = (...command: readonly string[]) => [...shell, hooks.before, '--essential', '--', ...command]

  test(`${name}: the action has input, output, error and exit code to itself, and begin and end are recorded`, async (context) => {
    const place = await makePlace(context)
    const action = await makeAction(place, 'cat\necho "$#:$1:$2"\necho oops >&2\nexit 7')
    assert.deepEqual(runToEnd(place, chained(action, 'a b', '--c'), 'from stdin\n'), {
      stdout: 'from stdin\n2:a b:--c\n',
      stderr: 'oops\n',
      status: 7,
    })
    const events = await eventsIn(place.spool)
    assert.deepEqual(
      events.map(({ phase, actionExitCode, actionIsEssential, processId }) => ({
        phase,
        actionExitCode,
        actionIsEssential,
        processId,
      })),
      [
        { phase: 'begin', actionExitCode: undefined, actionIsEssential: true, processId: process.pid },
        { phase: 'end', actionExitCode: 7, actionIsEssential: true, processId: process.pid },
      ],
    )
  })

  test(`${name}: the action finds files, signals and variables as it does alone`, async (context) => {
    const place = await makePlace(context)
    const environment = {
      ...place.environment,
      phase: 'theirs',
      code: 'theirs',
      here: 'theirs',
      mode: 'theirs',
    }
    // A shell takes descriptors from 10 for itself, and counts itself in SHLVL. The kernel's table says which signals the action ignores or handles.
    const action = await makeAction(
      place,
      'for n in 3 4 5 6 7 8 9; do (: <&$n) 2>/dev/null && echo "open: $n"; done\nls -A\nenv | sort | grep -v -e ^_= -e ^SHLVL=\ngrep -e ^SigIgn -e ^SigCgt /proc/self/status 2>/dev/null\nexit 0',
    )
    const alone = runToEnd({ ...place, environment }, [action])
    assert.match(alone.stdout, /phase=theirs/)
    assert.deepEqual(runToEnd({ ...place, environment }, chained(action)), alone)
  })

  test(`${name}: SIGKILL to the hook, as at Kopia's time limit, ends the action and what waits for it`, async (context) => {
    const place = await makePlace(context)
    const action = await makeAction(place, 'sleep 600 >/dev/null 2>&1 & echo "started $$ $!"\nexec sleep 600')
    const running = startGroup(context, place, chained(action))
    const [, own, others] = await waitFor(
      'the action runs',
      () => /^started (\d+) (\d+)\n/.exec(running.output()) ?? undefined,
    )
    running.child.kill('SIGKILL')
    await waitFor('nobody holds standard output', () => running.isClosed() || undefined)
    assert.equal(await running.closed, 'SIGKILL')
    await waitFor('the action is gone', () => !isRunning(Number(own)) || undefined)
    await waitFor('the end is recorded', async () => (await phasesIn(place.spool)).length === 2 || undefined)
    assert.deepEqual(await phasesIn(place.spool), [
      ['begin', undefined],
      ['end', 137],
    ])
    assert.ok(isRunning(Number(others)), 'Kopia kills no process that the action started')
  })

  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    test(`${name}: ${signal} to the group reaches the action once, and the hook passes on how it ends`, async (context) => {
      const place = await makePlace(context)
      const trap = `trap 'echo ${signal}; exit 9' ${signal.slice(3)}`
      const action = await makeAction(place, `${trap}\necho ready\nwhile :; do sleep 0.1; done`)
      const running = startGroup(context, place, chained(action))
      await waitFor('the action is ready', () => running.output() === 'ready\n' || undefined)
      process.kill(running.group, signal)
      assert.deepEqual([await running.closed, running.output()], [9, `ready\n${signal}\n`])
      assert.deepEqual(await phasesIn(place.spool), [
        ['begin', undefined],
        ['end', 9],
      ])
    })
  }

  test(`${name}: no process of the hook is left once it has ended`, async (context) => {
    const place = await makePlace(context)
    const running = startGroup(context, place, chained('true'))
    assert.equal(await running.closed, 0)
    assert.ok(!isRunning(running.group))
  })

  test(`${name}: an action that is not there fails as in a shell`, async (context) => {
    const place = await makePlace(context)
    assert.equal(runToEnd(place, chained(join(place.folder, 'missing'))).status, 127)
    assert.deepEqual(await phasesIn(place.spool), [
      ['begin', undefined],
      ['end', 127],
    ])
  })

  test(`${name}: where no pipe can be made, the action takes the hook's place`, async (context) => {
    const place = await makePlace(context)
    const broken = join(place.folder, 'bin')
    await mkdir(broken)
    await writeFile(join(broken, 'mkfifo'), '#!/bin/sh\nexit 1\n', { mode: 0o755 })
    const environment = { ...place.environment, PATH: `${broken}:${process.env.PATH}` }
    const action = await makeAction(place, 'cat\necho "$1"\nexit 7')
    assert.deepEqual(runToEnd({ ...place, environment }, chained(action, 'a b'), 'from stdin\n'), {
      stdout: 'from stdin\na b\n',
      stderr: '',
      status: 7,
    })
    assert.deepEqual(await phasesIn(place.spool), [['begin', undefined]])
  })

  test(`${name}: without a spool, or without the files beside it, the hook still runs the action`, async (context) => {
    const place = await makePlace(context)
    const [command, outcome] = [
      ['sh', '-c', 'echo "$0"; exit 4', 'name'],
      { stdout: 'name\n', stderr: '', status: 4 },
    ]
    const nowhere = { ...place.environment, KOPIA_METRICS_STATE_DIR: '', HOME: place.folder }
    assert.deepEqual(runToEnd({ ...place, environment: nowhere }, chained(...command)), outcome)
    const copy = join(place.folder, 'before-snapshot-root.sh')
    await writeFile(copy, await readFile(hooks.before))
    assert.deepEqual(runToEnd(place, [...shell, copy, '--', ...command]), outcome)
  })
}
