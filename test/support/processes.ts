// Starts processes, and stops all of them when this process ends, however it ends.

import { type ChildProcess, spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:net'

export type Running = {
  readonly name: string
  readonly child: ChildProcess
  /** The output so far, standard output and error together. */
  readonly output: () => string
  /** Resolves with the exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals>
  /** Stops the process by a signal, kills it after 10 s, and resolves when it has ended. */
  readonly stop: (signal?: NodeJS.Signals) => Promise<number | NodeJS.Signals>
}

const children = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL')
})

export type StartOptions = { readonly environment?: NodeJS.ProcessEnv; readonly folder?: string }

export type StartProcess = (
  name: string,
  file: string,
  parameters: readonly string[],
  options?: StartOptions,
) => Running

/** Starts a program without a shell. `environment` is added to the environment of this process. */
export function start(
  name: string,
  file: string,
  parameters: readonly string[],
  options: StartOptions = {},
): Running {
  const child = spawn(file, parameters, {
    cwd: options.folder,
    env: { ...process.env, ...options.environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  children.add(child)
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
  }
  const ended = once(child, 'close').then(([code, signal]: (number | NodeJS.Signals | null)[]) => {
    children.delete(child)
    return code ?? signal ?? 'SIGKILL'
  })
  return {
    name,
    child,
    output: () => output,
    ended,
    stop: (signal = 'SIGTERM') => stop(child, ended, signal),
  }
}

async function stop(
  child: ChildProcess,
  ended: Running['ended'],
  signal: NodeJS.Signals,
): ReturnType<Running['stop']> {
  child.kill(signal)
  const killing = setTimeout(() => child.kill('SIGKILL'), 10_000)
  const result = await ended
  clearTimeout(killing)
  return result
}

/**
 * Finds a TCP port of 127.0.0.1 that is free now. The port is below those that the kernel assigns to outgoing connections
 * (ip_local_port_range begins at 32768), because a connection of another test could take it before the service does.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(10_000, 32_000)
    const server = createServer().listen(port, '127.0.0.1')
    try {
      await once(server, 'listening')
    } catch {
      continue
    }
    server.close()
    await once(server, 'close')
    return port
  }
}
