// A room apart in which deploy/compose.yaml runs as it is: with podman-compose, on stand-ins for its images.

import { cpSync, rmSync, writeFileSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Cleanable, cleanUpAfter } from './cleanup.ts'
import { type Running, start } from './processes.ts'
import { projectFolder } from './tools.ts'
import { waitFor } from './wait.ts'

export type RoomResult = { readonly exitCode: number | NodeJS.Signals; readonly output: string }

export type Room = {
  /** A copy of the project's deploy/, with the folders beside it that it uses. */
  readonly deploy: string
  /** Runs a line of sh in deploy/, as a person would type it there; `docker` is podman and podman-compose. */
  readonly run: (line: string) => Promise<RoomResult>
  /** The same of a line that must succeed; resolves with what it wrote. */
  readonly must: (line: string) => Promise<string>
  /** Starts the whole stack anew with this .env; `options` go before `up`, `services` behind. */
  readonly up: (env: Readonly<Record<string, string>>, services?: string, options?: string) => Promise<void>
  readonly down: () => Promise<void>
}

/** Exit code of tools/stack-images.sh where no containers can be run. */
const cannotRun = 3
const imagesDeadlineMs = 900_000

/** Opens a room, which goes away with the test; or says why there can't be one here. */
export async function openRoom(
  context: Cleanable,
): Promise<{ readonly room: Room } | { readonly room: undefined; readonly reason: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'kopia-metrics-stack-'))
  cleanUpAfter(context, () => rmSync(folder, { recursive: true, force: true }))
  const holder = start('room', 'unshare', [
    ...['--mount', '--propagation=slave', 'sh', join(projectFolder, 'tools/stack-room.sh'), folder],
  ])
  cleanUpAfter(context, () => holder.stop('SIGKILL'))
  const ended = await Promise.race([isReady(holder), holder.ended])
  if (ended === cannotRun) {
    return { room: undefined, reason: holder.output().trim().split('\n').at(-1) ?? '' }
  }
  if (ended !== 'ready') throw new Error(`tools/stack-room.sh ended with ${ended}: ${holder.output()}`)
  const room = enter(holder, folder)
  cleanUpAfter(context, async () => {
    await room.run('podman rm --all --force --time=0')
  })
  return { room }
}

async function isReady(holder: Running): Promise<'ready'> {
  const deadline = Date.now() + imagesDeadlineMs
  for (;;) {
    const heard = await waitFor('the images', () =>
      /^ready$/m.test(holder.output()) ? true : undefined,
    ).catch(() => false)
    if (heard) return 'ready'
    if (Date.now() > deadline) throw new Error(`the images of the stack are not made: ${holder.output()}`)
  }
}

function enter(holder: Running, folder: string): Room {
  const copy = join(folder, 'checkout')
  const deploy = join(copy, 'deploy')
  for (const name of ['deploy', 'rules', 'dashboards', 'hooks']) {
    cpSync(join(projectFolder, name), join(copy, name), { recursive: true })
  }
  rmSync(join(deploy, '.env'), { force: true })
  const run = async (line: string): Promise<RoomResult> => {
    const running = start('room', 'nsenter', [
      ...['--net', '--mount', `--target=${holder.child.pid}`, `--wd=${deploy}`],
      ...['env', `PATH=${folder}/bin:${process.env.PATH}`, 'sh', '-c', line],
    ])
    return { exitCode: await running.ended, output: running.output() }
  }
  const must = async (line: string): Promise<string> => {
    const { exitCode, output } = await run(line)
    if (exitCode !== 0) throw new Error(`${line}\nended with ${exitCode}: ${output}`)
    return output
  }
  const down = async () => void (await must('docker compose -f compose.yaml down --timeout 5 2>&1'))
  const up: Room['up'] = async (env, services = '', options = '-f compose.yaml') => {
    const lines = Object.entries(env).map(([name, value]) => `${name}='${value}'\n`)
    if (lines.length > 0) writeFileSync(join(deploy, '.env'), lines.join(''))
    else rmSync(join(deploy, '.env'), { force: true })
    await must(`docker compose ${options} up -d ${services} 2>&1`)
  }
  return { deploy, run, must, up, down }
}
