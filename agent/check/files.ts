// Checks that the agent can read Kopia's logs, and that Kopia's hooks can write to the agent's spool.

import { constants, type Stats } from 'node:fs'
import { access, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import { lockHolder } from '../ledger/lock.ts'
import type { SeenLedger } from '../ledger/store.ts'
import { isEventName } from '../spool/spool.ts'
import { agoWords, countWords, pluralWords } from '../status/words.ts'
import { type Finding, failure, ok, warning } from './finding.ts'

type LogOwner = { readonly userId: number; readonly groupId: number }
/** The owner of the logs is the user who runs Kopia; undefined if there are no logs. */
type LogsResult = { readonly finding: Finding; readonly owner?: LogOwner }

/** Checks that Kopia's logs exist and can be read. */
export async function checkLogs(cliLogs: string, now: number): Promise<LogsResult> {
  const stats = await statOf(cliLogs)
  if (stats === 'unreachable') {
    const advice = "run the agent as the user who runs Kopia, or as root: only they can read Kopia's logs"
    return { finding: failure('logs', `${cliLogs} can't be examined by ${await nameOf(ownId())}`, advice) }
  }
  if (stats === undefined) {
    const advice =
      'run any Kopia command without --disable-file-logging, or set KOPIA_LOG_DIR to the folder of its logs'
    return { finding: warning('logs', `${cliLogs} does not exist yet`, advice) }
  }
  const owner = { userId: stats.uid, groupId: stats.gid }
  const folder = `${cliLogs}, of ${await nameOf(stats.uid)}`
  const names = await readdir(cliLogs).catch(() => undefined)
  if (names === undefined || !(await isAllowed(cliLogs, constants.R_OK | constants.X_OK))) {
    const advice = `run the agent as ${await nameOf(stats.uid)}, or as root`
    return { finding: failure('logs', `${folder}, can't be read by ${await nameOf(ownId())}`, advice), owner }
  }
  const newest = await newestOf(cliLogs, names)
  const age =
    newest === undefined
      ? 'empty'
      : `${pluralWords(names.length, 'file')}, the newest ${agoWords(newest, now)}`
  return { finding: ok('logs', `${folder}: ${age}`), owner }
}

/** Checks that the ledger could be read, and that an agent runs on it. */
export async function checkAgent(stateDirectory: string, stored: SeenLedger, now: number): Promise<Finding> {
  if (stored.kind === 'unreadable') {
    const advice =
      'run check as the user of the agent; a newer ledger needs its version of the agent; a broken one is set aside at the next start'
    return failure('agent', `the ledger in ${stateDirectory} can't be read: ${stored.reason}`, advice)
  }
  const holder = await lockHolder(stateDirectory)
  const known =
    stored.kind === 'missing'
      ? 'no ledger yet'
      : `${pluralWords(Object.keys(stored.data.sources).length, 'source')} in the ledger, saved ${agoWords(stored.savedAt, now)}`
  return holder === undefined
    ? warning(
        'agent',
        `none runs on ${stateDirectory}; ${known}`,
        'start "kopia-metrics-agent run", or "push" by cron',
      )
    : ok('agent', `runs with pid ${holder} on ${stateDirectory}; ${known}`)
}

/** Checks that the hooks, which run as Kopia's user, can write their events. */
export async function checkSpool(stateDirectory: string, owner: LogOwner | undefined): Promise<Finding> {
  const spool = join(stateDirectory, 'spool')
  const folders = [stateDirectory, spool]
  const kopia = owner ?? { userId: ownId(), groupId: process.getgid?.() ?? 0 }
  const name = await nameOf(kopia.userId)
  for (const folder of folders) {
    const stats = await statOf(folder)
    if (stats === 'unreachable') {
      return warning('spool', `${folder} can't be examined`, 'run check as the user that the agent runs as')
    }
    if (stats === undefined) {
      return warning('spool', `${folder} does not exist yet`, 'start the agent, which creates it')
    }
    if (!isPermitted(stats, kopia, folder === spool ? 'write' : 'search')) {
      const advice = `run the agent as ${name}, so that the hooks can write their events; without hooks this does not matter`
      return warning(
        'spool',
        `${folder}, of ${await nameOf(stats.uid)}, is closed to Kopia's user ${name}`,
        advice,
      )
    }
  }
  const waiting = (await readdir(spool).catch(() => [])).filter(isEventName).length
  return ok('spool', `${spool}, open to Kopia's user ${name}; ${countWords(waiting)} waiting`)
}

/** Checks the mode of a folder for owner, group or others (inode(7), "The file type and mode"); root may do everything. */
function isPermitted(stats: Stats, { userId, groupId }: LogOwner, access: 'search' | 'write'): boolean {
  if (userId === 0) return true
  const needed = access === 'write' ? 0o3 : 0o1
  const shift = stats.uid === userId ? 6 : stats.gid === groupId ? 3 : 0
  return ((stats.mode >> shift) & needed) === needed
}

/** When a hook left the newest event that waits, in Unix seconds; undefined if none waits. */
export async function newestEventAt(stateDirectory: string): Promise<number | undefined> {
  const spool = join(stateDirectory, 'spool')
  const names = await readdir(spool).catch(() => [])
  return newestOf(spool, names.filter(isEventName))
}

async function newestOf(folder: string, names: readonly string[]): Promise<number | undefined> {
  const times = await Promise.all(
    names.map(async (name) => {
      const stats = await statOf(join(folder, name))
      return typeof stats === 'object' ? stats.mtimeMs / 1000 : 0
    }),
  )
  return times.length === 0 ? undefined : Math.max(...times)
}

/** Undefined if there is no such file. */
async function statOf(path: string): Promise<Stats | 'unreachable' | undefined> {
  try {
    return await stat(path)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    return code === 'ENOENT' || code === 'ENOTDIR' ? undefined : 'unreachable'
  }
}

async function isAllowed(path: string, mode: number): Promise<boolean> {
  return access(path, mode).then(
    () => true,
    () => false,
  )
}

function ownId(): number {
  return process.getuid?.() ?? 0
}

/** Asks id(1), since the system's users may come from elsewhere than /etc/passwd. */
async function nameOf(userId: number): Promise<string> {
  const result = await execa('id', ['-nu', String(userId)], { reject: false, timeout: 5000 })
  return result.failed || result.stdout === '' ? `user ${userId}` : result.stdout
}
