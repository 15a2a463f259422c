// A Debian for arm64 in which programs run under emulation, without a network but its own loopback.

import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { type Cleanable, cleanUpAfter } from '../cleanup.ts'
import { temporaryFolder } from '../folder.ts'
import { getPage, type Machine } from '../machine.ts'
import { type Running, type StartOptions, start } from '../processes.ts'
import { parseExposition } from '../prometheus.ts'
import { projectFolder, tool } from '../tools.ts'
import { waitFor } from '../wait.ts'

/** A machine, as far as one without systemd goes. */
export type Room = Machine & {
  /** Starts a program for arm64 in the room. It ends with the room. Stop it by `kill` in the room, not by its handle. */
  readonly start: (
    name: string,
    command: readonly string[],
    environment?: StartOptions['environment'],
  ) => Running
  /** Starts a program of this machine, with this machine's files, in the namespaces of the room. */
  readonly startNative: (name: string, command: readonly string[]) => Running
}

/** The exit code of tools/arm64-root.sh where no programs for arm64 can be run. */
const cannotRun = 3

const plainEnvironment = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' }

/** Creates the root file system, which takes minutes the first time, or returns why this machine cannot run it. */
export function arm64Root():
  | { readonly root: string }
  | { readonly root: undefined; readonly reason: string } {
  const { status, stdout, stderr } = spawnSync('sh', ['tools/arm64-root.sh'], {
    cwd: projectFolder,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  process.stderr.write(stderr)
  if (status === 0) return { root: stdout.trim() }
  if (status === cannotRun) return { root: undefined, reason: stderr.trim().split('\n').at(-1) ?? '' }
  throw new Error(`tools/arm64-root.sh ended with ${status}: ${stderr}`)
}

/** Opens a room on a copy of this root file system. It goes away with the test. */
export async function openRoom(context: Cleanable, root: string): Promise<Room> {
  const folder = join(await temporaryFolder(context), 'root')
  execFileSync('cp', ['--archive', root, folder])
  return enterRoot(context, folder)
}

/** Opens a room on this very root file system. */
export async function enterRoot(context: Cleanable, folder: string): Promise<Room> {
  const holder = start('room', 'sh', [join(projectFolder, 'tools/arm64-room.sh'), folder])
  cleanUpAfter(context, () => holder.stop('SIGKILL'))
  const isReady = () => (/^ready$/m.test(holder.output()) ? true : undefined)
  if ((await Promise.race([waitFor('the room is ready', isReady), holder.ended])) !== true) {
    throw new Error(`tools/arm64-room.sh ended: ${holder.output()}`)
  }
  const namespaces = [
    ...['--user', '--mount', '--net', `--pid=/proc/${holder.child.pid}/ns/pid_for_children`],
    `--target=${holder.child.pid}`,
  ]
  return roomIn(folder, namespaces)
}

function roomIn(folder: string, namespaces: readonly string[]): Room {
  const startInside: Room['start'] = (name, command, environment = {}) => {
    const variables = Object.entries({ ...plainEnvironment, ...environment })
    return start(name, 'nsenter', [
      ...namespaces,
      ...['chroot', folder, '/usr/bin/env', '-i', ...variables.map(([key, value]) => `${key}=${value}`)],
      ...command,
    ])
  }
  const run: Room['run'] = async (...command) => {
    const running = startInside(command.join(' '), command)
    return { exitCode: await running.ended, output: running.output() }
  }
  const must: Room['must'] = async (...command) => {
    const { exitCode, output } = await run(...command)
    if (exitCode !== 0) throw new Error(`${command.join(' ')} ended with ${exitCode}: ${output}`)
    return output
  }
  return {
    start: startInside,
    startNative: (name, command) => start(name, 'nsenter', [...namespaces, ...command]),
    run,
    must,
    shell: (line) => must('sh', '-c', line),
    copyIn: (path, pathInside) => cpSync(path, join(folder, pathInside)),
    write: (pathInside, text) =>
      must('sh', '-c', 'mkdir -p "$(dirname "$1")" && printf %s "$2" >"$1"', 'sh', pathInside, text),
    scrape: async (url) => parseExposition(await must('perl', '-MIO::Socket::INET', '-e', getPage, url)),
  }
}

/** Starts a gateway in the room. It is a program of this machine: only what the project ships has to be for arm64. */
export async function startGateway(room: Room, url: string): Promise<void> {
  const { host } = new URL(url)
  room.startNative('gateway', [tool('pushgateway'), `--web.listen-address=${host}`, '--persistence.file='])
  await waitFor('the gateway answers', async () => ((await room.scrape(url)).size > 0 ? true : undefined))
}
