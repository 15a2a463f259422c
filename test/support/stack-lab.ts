// Runs the unchanged deploy/compose.yaml with podman-compose in its own network and mount namespaces, on stand-ins for its
// images.

import { cpSync, rmSync, writeFileSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Cleanable, cleanUpAfter } from './cleanup.ts'
import { type Running, start } from './processes.ts'
import { projectFolder } from './tools.ts'
import { waitFor } from './wait.ts'

type LineResult = { readonly exitCode: number | NodeJS.Signals; readonly output: string }

export type StackLab = {
  /** The path of a copy of deploy/. The folders that it uses are copied next to it. */
  readonly deploy: string
  /** Runs a shell command line in deploy/, as a user would. `docker` is podman and podman-compose. */
  readonly run: (line: string) => Promise<LineResult>
  /** Runs a command line that must succeed, and resolves with its output. */
  readonly must: (line: string) => Promise<string>
  /** Starts the stack with this .env. `options` go before `up`, `services` after it. */
  readonly up: (env: Readonly<Record<string, string>>, services?: string, options?: string) => Promise<void>
  readonly down: () => Promise<void>
}

/** The exit code of tools/stack-images.sh if this machine cannot run containers. */
const cannotRun = 3
const imagesDeadlineMs = 900_000

/** Creates a lab for one test, or returns the reason why this machine cannot run one. */
export async function createStackLab(
  context: Cleanable,
): Promise<{ readonly lab: StackLab } | { readonly lab: undefined; readonly reason: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'kopia-metrics-stack-'))
  cleanUpAfter(context, () => rmSync(folder, { recursive: true, force: true }))
  const holder = start('lab', 'unshare', [
    ...['--mount', '--propagation=slave', 'sh', join(projectFolder, 'tools/stack-lab.sh'), folder],
  ])
  cleanUpAfter(context, () => holder.stop('SIGKILL'))
  const ended = await Promise.race([isReady(holder), holder.ended])
  if (ended === cannotRun) {
    return { lab: undefined, reason: holder.output().trim().split('\n').at(-1) ?? '' }
  }
  if (ended !== 'ready') throw new Error(`tools/stack-lab.sh ended with ${ended}: ${holder.output()}`)
  const lab = enter(holder, folder)
  cleanUpAfter(context, async () => {
    await lab.run('podman rm --all --force --time=0')
  })
  return { lab }
}

async function isReady(holder: Running): Promise<'ready'> {
  const deadline = Date.now() + imagesDeadlineMs
  for (;;) {
    const isDone = await waitFor('the images', () =>
      /^ready$/m.test(holder.output()) ? true : undefined,
    ).catch(() => false)
    if (isDone) return 'ready'
    if (Date.now() > deadline) throw new Error(`the images of the stack are not ready: ${holder.output()}`)
  }
}

function enter(holder: Running, folder: string): StackLab {
  const copy = join(folder, 'checkout')
  const deploy = join(copy, 'deploy')
  for (const name of ['deploy', 'rules', 'dashboards', 'hooks']) {
    cpSync(join(projectFolder, name), join(copy, name), { recursive: true })
  }
  rmSync(join(deploy, '.env'), { force: true })
  const run = async (line: string): Promise<LineResult> => {
    const running = start('lab', 'nsenter', [
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
  const up: StackLab['up'] = async (env, services = '', options = '-f compose.yaml') => {
    const lines = Object.entries(env).map(([name, value]) => `${name}='${value}'\n`)
    if (lines.length > 0) writeFileSync(join(deploy, '.env'), lines.join(''))
    else rmSync(join(deploy, '.env'), { force: true })
    await must(`docker compose ${options} up -d ${services} 2>&1`)
  }
  return { deploy, run, must, up, down }
}
