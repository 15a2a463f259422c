// Checks that the processes of Kopia can be seen: only then does the agent know at once that one was killed.

import { readdir, readFile } from 'node:fs/promises'
import { setTimeout } from 'node:timers/promises'
import { machineProcesses } from '../kopia/runs/process.ts'
import { pluralWords } from '../status/words.ts'
import { type Finding, ok, warning } from './finding.ts'
import type { LogFile } from './log-files.ts'

export type ProcessView = {
  /** Whether the agent has seen the process of a run; undefined before a run showed it. */
  readonly agentSees: boolean | undefined
  /** Pids of Kopia whose open files this user can't list. */
  readonly closed: readonly number[]
  /** Names of logs that grow though no process can be seen that holds them. */
  readonly unseenLogs: readonly string[]
  /** Runs whose process can be seen now. */
  readonly seen: number
}

const shareAdvice =
  'share the pid namespace with Kopia: "pid: host" or "pid: container:NAME" for Compose, shareProcessNamespace for Kubernetes (docs/your-setup.md, "Containers")'

/** Logs of Windows that the agent reads in WSL. */
export const windowsFinding = warning(
  'processes',
  "Kopia runs on Windows, whose processes can't be seen from here: a backup that is killed is noticed late",
  'know what this means (docs/your-setup.md, "Windows (WSL)"), or run Kopia in WSL, too',
)

/** What only Linux tells; undefined there. */
export function platformFinding(platform: NodeJS.Platform): Finding | undefined {
  if (platform === 'linux') return undefined
  const found =
    'not looked at: which files a process of Kopia has open, which configuration it uses, and how much it reads; only Linux tells'
  return ok('platform', `${platform === 'darwin' ? 'macOS' : platform}; ${found}`)
}

/** Decides what the view means. */
export function processFinding({ agentSees, closed, unseenLogs, seen }: ProcessView): Finding {
  const [pid] = closed
  if (pid !== undefined) {
    return warning(
      'processes',
      `the open files of ${pluralWords(closed.length, 'process')} of Kopia (pid ${pid}) can't be listed by this user`,
      'run the agent as the user who runs Kopia, or as root with CAP_SYS_PTRACE',
    )
  }
  const [log] = unseenLogs
  if (log !== undefined)
    return warning('processes', `${log} grows, but its process can't be seen`, shareAdvice)
  if (agentSees === false) {
    return warning('processes', "the agent could not see the process of Kopia's last run", shareAdvice)
  }
  return ok('processes', seen === 0 ? 'none of Kopia writes a log now' : `${seen} of Kopia can be seen`)
}

/** Looks at the processes of `userId`, which needs /proc, and for `waitMs` at the logs that grew just now. */
export async function viewProcesses(
  agentSees: boolean | undefined,
  userId: number | undefined,
  readLogs: () => Promise<readonly LogFile[]>,
  waitMs: number,
): Promise<ProcessView> {
  const before = await readLogs()
  const seen = new Set(before.filter(({ isOpen }) => isOpen).map(({ name }) => name.runId)).size
  return {
    agentSees,
    closed: await closedProcesses(userId),
    unseenLogs: await growing(before, readLogs, waitMs),
    seen,
  }
}

/** Only a log that grew within a minute can be that of a living run that writes. */
async function growing(
  before: readonly LogFile[],
  readLogs: () => Promise<readonly LogFile[]>,
  waitMs: number,
): Promise<readonly string[]> {
  const minuteAgo = Date.now() / 1000 - 60
  const recent = before.filter(({ isOpen, grewAt }) => !isOpen && grewAt > minuteAgo)
  if (recent.length === 0) return []
  await setTimeout(waitMs)
  const after = new Map((await readLogs()).map((log) => [log.name.fileName, log]))
  return unseenLogs(recent, after)
}

/** The logs that have grown since, and that no visible process holds open. */
export function unseenLogs(
  before: readonly LogFile[],
  after: ReadonlyMap<string, LogFile>,
): readonly string[] {
  return before
    .filter(({ name, sizeBytes }) => {
      const later = after.get(name.fileName)
      return later !== undefined && !later.isOpen && later.sizeBytes > sizeBytes
    })
    .map(({ name }) => name.fileName)
}

async function closedProcesses(userId: number | undefined): Promise<readonly number[]> {
  const pids = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name)).map(Number)
  const closed: number[] = []
  for (const pid of pids) {
    const isKopia = (await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '')).trim() === 'kopia'
    if (!isKopia || (userId !== undefined && (await userOf(pid)) !== userId)) continue
    await readdir(`/proc/${pid}/fd`).catch((error: NodeJS.ErrnoException) => {
      // The folder of a process that has ended and is not reaped yet belongs to root (observed on Linux 6.18).
      const isLiving = machineProcesses.findLiving(pid) !== undefined
      if (isLiving && (error.code === 'EACCES' || error.code === 'EPERM')) closed.push(pid)
    })
  }
  return closed
}

/** From `status`, since the folder of a process with capabilities belongs to root (proc(5)). */
async function userOf(pid: number): Promise<number | undefined> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
  const id = /^Uid:\s+(\d+)/m.exec(status)?.[1]
  return id === undefined ? undefined : Number(id)
}
