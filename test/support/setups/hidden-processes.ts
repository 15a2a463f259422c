// Runs Kopia where the agent can't see its process: in a pid namespace of its own, as in a container.

import { readFileSync } from 'node:fs'
import { type KopiaLab, kopiaWith } from '../kopia.ts'
import { type Running, type StartProcess, start } from '../processes.ts'

/** Why these tests are left out; undefined where they run. A pid namespace needs root (pid_namespaces(7)). */
export const reasonNotToHide =
  process.getuid?.() === 0 ? undefined : 'a pid namespace of its own can be created by root only'

/** A Kopia of the same configuration whose `must` is visible, and whose backups and servers are not. */
export function hideProcesses(kopia: KopiaLab): KopiaLab {
  return { ...kopiaWith(kopia.environment, startHidden), must: kopia.must }
}

/**
 * The pid that the next process gets in its own namespace. Each gets another one: Kopia's log is named after second, pid and
 * command, and two runs must not write the same file.
 */
let nextPid = 100

// `exit` keeps the shell from replacing itself by Kopia, which would then be pid 1 and ignore SIGTERM until it handles it.
const script = 'echo "$0" >/proc/sys/kernel/ns_last_pid && "$@"; exit $?'

/** Starts a program in a pid namespace of its own. `stop` signals the program; SIGKILL kills the whole namespace. */
const startHidden: StartProcess = (name, file, parameters, options) => {
  nextPid += 10
  const flags = ['--pid', '--fork', '--mount-proc', '--kill-child']
  const own = ['sh', '-c', script, `${nextPid - 1}`, file, ...parameters]
  const running = start(name, 'unshare', [...flags, ...own], options)
  return { ...running, stop: (signal = 'SIGTERM') => stop(running, signal) }
}

async function stop(running: Running, signal: NodeJS.Signals): ReturnType<Running['stop']> {
  const [shell] = childrenOf(running.child.pid)
  const [program] = childrenOf(shell)
  // unshare does not pass signals on. When it dies, the kernel kills the first process of the namespace, and so the namespace.
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
