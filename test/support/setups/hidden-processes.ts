// Runs Kopia and the agent in pid namespaces of their own, as in containers.

import { readFileSync } from 'node:fs'
import { type Cleanable, cleanUpAfter } from '../cleanup.ts'
import { type KopiaLab, kopiaWith } from '../kopia.ts'
import type { Lab } from '../lab.ts'
import { type Running, type StartProcess, start } from '../processes.ts'
import { agentEntry, startAgent } from '../stack.ts'

/** Why these tests are left out; undefined where they run. A pid namespace needs root (pid_namespaces(7)). */
export const reasonNotToHide =
  process.getuid?.() === 0 ? undefined : 'a pid namespace of its own can be created by root only'

/**
 * Runs backups and servers in namespaces below that of the agent, which finds them there, by other pids. `must` runs beside the
 * agent.
 */
export function inContainers(kopia: KopiaLab): KopiaLab {
  return { ...kopiaWith(kopia.environment, startInContainer), must: kopia.must }
}

/** Runs the agent in a namespace of its own as well: then it cannot see any process of Kopia. */
export function hideProcesses(context: Cleanable, lab: Lab): Lab {
  return {
    ...lab,
    kopia: inContainers(lab.kopia),
    startAgent: async (settings = {}) => {
      const agent = await startAgent(
        { stateDirectory: lab.stateDirectory, kopiaEnvironment: lab.kopia.environment },
        { KOPIA_METRICS_PUSHGATEWAY_URL: lab.gateway.url, ...settings },
        ['unshare', ...namespaceFlags, process.execPath, agentEntry],
      )
      const hidden = { ...agent, stop: (signal?: NodeJS.Signals) => stopFirst(agent, signal) }
      cleanUpAfter(context, () => hidden.stop())
      return hidden
    },
  }
}

const namespaceFlags = ['--pid', '--fork', '--mount-proc', '--kill-child']

/**
 * The pid that the next process gets in its own namespace. Each gets another one: Kopia's log is named after second, pid and
 * command, and two runs must not write the same file.
 */
let nextPid = 100

// `exit` keeps the shell from replacing itself by Kopia, which would then be pid 1 and ignore SIGTERM until it handles it.
const script = 'echo "$0" >/proc/sys/kernel/ns_last_pid && "$@"; exit $?'

/** Starts a program in a pid namespace of its own. `stop` signals the program; SIGKILL kills the whole namespace. */
const startInContainer: StartProcess = (name, file, parameters, options) => {
  nextPid += 10
  const own = ['sh', '-c', script, `${nextPid - 1}`, file, ...parameters]
  const running = start(name, 'unshare', [...namespaceFlags, ...own], options)
  return {
    ...running,
    stop: (signal) => {
      const [shell] = childrenOf(running.child.pid)
      return stop(running, childrenOf(shell)[0], signal)
    },
  }
}

/** Stops the first process of a namespace. */
function stopFirst(running: Running, signal?: NodeJS.Signals): ReturnType<Running['stop']> {
  return stop(running, childrenOf(running.child.pid)[0], signal)
}

/** unshare passes no signals on. When it dies, the kernel kills the first process of the namespace, and so the namespace. */
async function stop(
  running: Running,
  program: number | undefined,
  signal: NodeJS.Signals = 'SIGTERM',
): ReturnType<Running['stop']> {
  if (signal === 'SIGKILL' || program === undefined) running.child.kill('SIGKILL')
  else process.kill(program, signal)
  const killing = setTimeout(() => running.child.kill('SIGKILL'), 10_000)
  const result = await running.ended
  clearTimeout(killing)
  return result
}

/** The children of a process, by the pids of the namespace of the tests (proc_pid_task(5)). */
function childrenOf(pid: number | undefined): readonly number[] {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
    return children.split(' ').filter(Boolean).map(Number)
  } catch {
    // It has ended meanwhile.
    return []
  }
}
