// Runs the unchanged deploy/compose.yaml with Docker Compose on podman, in network and mount namespaces of its own, with
// stand-ins for its images.

import { cpSync, rmSync, writeFileSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Cleanable, cleanUpAfter } from './cleanup.ts'
import { type Running, start } from './processes.ts'
import { projectFolder } from './tools.ts'
import { waitFor } from './wait.ts'

type LineResult = { readonly exitCode: number | NodeJS.Signals; readonly output: string }

type Environment = Readonly<Record<string, string>>

export type StackLab = {
  /** The path of a copy of deploy/. The folders that it uses are copied next to it. */
  readonly deploy: string
  /** Runs a shell command line in deploy/, as a user would. `docker` is Docker Compose, and podman for everything else. */
  readonly run: (line: string) => Promise<LineResult>
  /** Runs a command line that must succeed, and resolves with its output. */
  readonly must: (line: string) => Promise<string>
  /** Writes .env with these values, or removes it if there are none. */
  readonly configure: (env: Environment) => void
  /**
   * Starts the stack with this .env, and resolves when every service is healthy. `options` go before `up`, `services` after
   * it. Rejects if Compose warns of anything.
   */
  readonly up: (env: Environment, services?: string, options?: string) => Promise<void>
  /** Removes the containers. The volumes remain. */
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
  const down = async () => void (await must('docker compose down --timeout 5 2>&1'))
  const configure = (env: Environment) => {
    const lines = Object.entries(env).map(([name, value]) => `${name}='${value}'\n`)
    if (lines.length > 0) writeFileSync(join(deploy, '.env'), lines.join(''))
    else rmSync(join(deploy, '.env'), { force: true })
  }
  const up: StackLab['up'] = async (env, services = '', options = '') => {
    configure(env)
    const output = await must(`docker compose ${options} up -d --wait ${services} 2>&1`)
    if (/warn/i.test(output)) throw new Error(`Compose warns: ${output}`)
  }
  return { deploy, run, must, configure, up, down }
}
