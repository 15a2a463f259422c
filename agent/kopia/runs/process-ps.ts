// Looks at processes where there is no /proc, as on macOS: by signal 0, and by ps, which tells when a process started.

import { spawnSync } from 'node:child_process'
import { uptime } from 'node:os'
import { type Processes, type ProcessIdentity, visibleIdOf } from './process-identity.ts'

/** How the system is asked. Tests hand in their own. */
export type ProcessQuestions = {
  /** Whether there is a process with this pid. */
  readonly exists: (processId: number) => boolean
  /** What `ps -o stat=,lstart=` prints of this pid, in C's locale and UTC; undefined where ps can't be run. */
  readonly ps: (processId: number) => string | undefined
  readonly nowSeconds: () => number
}

/** The identity of a living process whose start is not known: it matches any process with its pid. */
const startUnknown = 'alive'

/** ps costs some milliseconds, and signal 0 nothing: a pid goes to another process only after all others were used. */
const askAgainSeconds = 10

/** Kopia opens its log as soon as it has started; macOS may first examine a program that is new to it. */
const startupSeconds = 60
/** ps and the log's name tell whole seconds. */
const slackSeconds = 2

/**
 * Nobody tells which files a process holds open, so the writer of a log is the process with its pid that started right
 * before the time in the log's name.
 */
export function createPsProcesses(questions: ProcessQuestions = machineQuestions): Processes {
  const startOf = createStartOf(questions)

  const findLiving = (processId: number): ProcessIdentity | undefined => {
    const start = startOf(processId)
    return typeof start === 'number' ? String(start) : start && startUnknown
  }

  return {
    findWriter: (processId, runId) => {
      const start = startOf(processId)
      return typeof start === 'number' && isStartOf(runId, start) ? String(start) : undefined
    },
    // Kopia in a container of this machine is in a virtual machine, whose processes are not visible.
    findWriterInContainers: () => undefined,
    findLiving,
    livingSince: (processId) => {
      const start = startOf(processId)
      return start === 'unknown' ? Number.NEGATIVE_INFINITY : start
    },
    isAlive: (processId, identity) => {
      const living = findLiving(visibleIdOf(processId, identity))
      return living !== undefined && (living === identity || [living, identity].includes(startUnknown))
    },
    // Includes the time in which the machine slept (KERN_BOOTTIME in libuv's uv_uptime).
    bootedAt: () => questions.nowSeconds() - uptime(),
  }
}

/** Unix seconds; `unknown` where ps does not tell; undefined where there is no such process. */
type Start = number | 'unknown' | undefined

function createStartOf({ exists, ps, nowSeconds }: ProcessQuestions): (processId: number) => Start {
  const known = new Map<number, { readonly start: number; readonly askedAt: number }>()
  return (processId) => {
    if (!exists(processId)) {
      known.delete(processId)
      return undefined
    }
    const last = known.get(processId)
    if (last !== undefined && Math.abs(nowSeconds() - last.askedAt) < askAgainSeconds) return last.start
    const start = parseStart(ps(processId))
    if (typeof start === 'number') known.set(processId, { start, askedAt: nowSeconds() })
    else known.delete(processId)
    return start
  }
}

/** `Ss   Sat Nov 28 08:36:17 2026`. A zombie (Z) is not alive. Nothing at all: the process has just ended. */
function parseStart(text: string | undefined): Start {
  if (text?.trim() === '') return undefined
  const [, state = '', time = ''] =
    /^\s*(\S+)\s+(\w{3} +\w{3} +\d+ +\d+:\d+:\d+ +\d{4})\s*$/.exec(text ?? '') ?? []
  if (state.startsWith('Z')) return undefined
  const milliseconds = Date.parse(`${time} UTC`)
  return Number.isNaN(milliseconds) ? 'unknown' : milliseconds / 1000
}

/** The time in a log's name is UTC, or the local time with `--file-log-local-tz` (internal/logfile/logfile.go). */
function isStartOf(runId: string, start: number): boolean {
  const [, date, time] = /^(\d{8})-(\d{6})-/.exec(runId) ?? []
  if (date === undefined || time === undefined) return false
  const text = `${date.replace(/(....)(..)(..)/, '$1-$2-$3')}T${time.replace(/(..)(..)(..)/, '$1:$2:$3')}`
  return [`${text}Z`, text].some((moment) => {
    const later = Date.parse(moment) / 1000 - start
    return later >= -slackSeconds && later <= startupSeconds
  })
}

const machineQuestions: ProcessQuestions = {
  exists: acceptsSignals,
  ps: (processId) => {
    const { status, stdout } = spawnSync('ps', ['-o', 'stat=', '-o', 'lstart=', '-p', String(processId)], {
      env: { PATH: '/bin:/usr/bin', LC_ALL: 'C', TZ: 'UTC' },
      encoding: 'utf8',
      timeout: 5000,
    })
    // 1: there is no such process (ps(1)).
    return status === 0 || (status === 1 && stdout.trim() === '') ? stdout : undefined
  },
  nowSeconds: () => Date.now() / 1000,
}

/** Signal 0 only checks. EPERM means that the process exists and belongs to another user (kill(2)). */
function acceptsSignals(processId: number): boolean {
  try {
    process.kill(processId, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}
