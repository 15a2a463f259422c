// A real Kopia with its own repository, log directory and configuration.

import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type Running, type StartProcess, start } from './processes.ts'
import { projectFolder, tool } from './tools.ts'

export type KopiaLab = {
  readonly environment: NodeJS.ProcessEnv
  readonly logDirectory: string
  /** Runs a command to its end and resolves with its exit code and output. */
  readonly run: (...parameters: string[]) => Promise<KopiaResult>
  /** Starts a command. The caller waits for its end. */
  readonly start: (...parameters: string[]) => Running
  /** Like `start`, without the capabilities that let root read files without permission (capabilities(7)). */
  readonly startUnprivileged: (...parameters: string[]) => Running
  /** Runs a command that must succeed. */
  readonly must: (...parameters: string[]) => Promise<KopiaResult>
  /** Like `run`, without those capabilities. */
  readonly runUnprivileged: (...parameters: string[]) => Promise<KopiaResult>
}

export type KopiaResult = { readonly exitCode: number | NodeJS.Signals; readonly output: string }

export const hooks = {
  before: join(projectFolder, 'hooks/before-snapshot-root.sh'),
  after: join(projectFolder, 'hooks/after-snapshot-root.sh'),
} as const

/** Creates a repository in `folder`. Actions are enabled, and the hooks write to the spool of `stateDirectory`. */
export async function createKopiaLab(
  folder: string,
  stateDirectory: string,
  logDirectory = join(folder, 'logs'),
): Promise<KopiaLab> {
  await mkdir(folder, { recursive: true })
  const kopia = kopiaWith({
    KOPIA_PASSWORD: 'correct horse battery staple',
    KOPIA_CONFIG_PATH: join(folder, 'repository.config'),
    KOPIA_CACHE_DIRECTORY: join(folder, 'cache'),
    KOPIA_LOG_DIR: logDirectory,
    KOPIA_CHECK_FOR_UPDATES: 'false',
    KOPIA_METRICS_STATE_DIR: stateDirectory,
    // Kopia leaves a temporary folder behind for each action.
    TMPDIR: folder,
  })
  await createRepository(kopia, join(folder, 'repository'))
  return kopia
}

/** Creates a repository in `folder` and connects the Kopia to it. Actions are enabled. */
export async function createRepository(kopia: KopiaLab, folder: string): Promise<void> {
  await kopia.must('repository', 'create', 'filesystem', '--enable-actions', `--path=${folder}`)
}

/** The Kopia of an environment, which must hold KOPIA_LOG_DIR. `startProcess` is replaced to run it elsewhere. */
export function kopiaWith(environment: NodeJS.ProcessEnv, startProcess: StartProcess = start): KopiaLab {
  const begin = (...parameters: string[]) => startProcess('kopia', tool('kopia'), parameters, { environment })
  const run = (...parameters: string[]) => finish(begin(...parameters))
  const startUnprivileged = (...parameters: string[]) =>
    process.getuid?.() === 0
      ? startProcess(
          'kopia',
          'setpriv',
          ['--bounding-set=-all', '--inh-caps=-all', tool('kopia'), ...parameters],
          { environment },
        )
      : begin(...parameters)
  const runUnprivileged = (...parameters: string[]) => finish(startUnprivileged(...parameters))
  const must = async (...parameters: string[]) => {
    const result = await run(...parameters)
    if (result.exitCode !== 0) throw new Error(`kopia ${parameters.join(' ')}: ${result.output}`)
    return result
  }
  const logDirectory = environment.KOPIA_LOG_DIR ?? ''
  return { environment, logDirectory, start: begin, startUnprivileged, run, must, runUnprivileged }
}

async function finish(running: Running): Promise<KopiaResult> {
  const exitCode = await running.ended
  return { exitCode, output: running.output() }
}
