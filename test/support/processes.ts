// Starts processes, and stops every one of them, whatever happens to the one that started them.

import { type ChildProcess, spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:net'

export type Running = {
  readonly name: string
  readonly child: ChildProcess
  /** All that it wrote so far, standard output and error together. */
  readonly output: () => string
  /** Resolves with the exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals>
  /** Asks it to stop, and resolves when it has; after 10 s it is killed. */
  readonly stop: (signal?: NodeJS.Signals) => Promise<number | NodeJS.Signals>
}

const children = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL')
})

export type StartOptions = { readonly environment?: NodeJS.ProcessEnv; readonly folder?: string }

/** Starts a program without a shell; `environment` is added to this process's own. */
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
  const impatience = setTimeout(() => child.kill('SIGKILL'), 10_000)
  const result = await ended
  clearTimeout(impatience)
  return result
}

/**
 * A TCP port of 127.0.0.1 that nobody listens on now. Chosen below the ports that the kernel gives to connections
 * (ip_local_port_range begins at 32768), where another test's could take it before the service does.
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
