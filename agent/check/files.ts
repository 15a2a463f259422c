// Can the agent read what Kopia writes, and can Kopia's hooks write what the agent reads?

import { constants, type Stats } from 'node:fs'
import { access, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import { lockHolder } from '../ledger/lock.ts'
import { lookAtLedger } from '../ledger/store.ts'
import { agoWords, countWords, pluralWords } from '../status/words.ts'
import { type Finding, failure, ok, warning } from './finding.ts'

/** Whose logs they are, which is whose Kopia it is; undefined where there are none. */
export type LogOwner = { readonly userId: number; readonly groupId: number }
export type LogsFound = { readonly finding: Finding; readonly owner?: LogOwner }

/** Whether Kopia's logs are there and can be read. */
export async function checkLogs(cliLogs: string, now: number): Promise<LogsFound> {
  const stats = await statOf(cliLogs)
  if (stats === 'unreachable') {
    const advice = "run the agent as the user whose Kopia it is, or as root: only they can read Kopia's logs"
    return { finding: failure('logs', `${cliLogs} can't be looked at by ${await nameOf(ownId())}`, advice) }
  }
  if (stats === undefined) {
    const advice =
      'run any command of Kopia without --disable-file-logging, or set KOPIA_LOG_DIR to where it writes its logs'
    return { finding: warning('logs', `${cliLogs} is not there yet`, advice) }
  }
  const owner = { userId: stats.uid, groupId: stats.gid }
  const whose = `${cliLogs}, of ${await nameOf(stats.uid)}`
  const names = await readdir(cliLogs).catch(() => undefined)
  if (names === undefined || !(await isAllowed(cliLogs, constants.R_OK | constants.X_OK))) {
    const advice = `run the agent as ${await nameOf(stats.uid)}, or as root`
    return { finding: failure('logs', `${whose}, can't be read by ${await nameOf(ownId())}`, advice), owner }
  }
  const newest = await newestOf(cliLogs, names)
  const age =
    newest === undefined
      ? 'empty'
      : `${pluralWords(names.length, 'file')}, the newest ${agoWords(newest, now)}`
  return { finding: ok('logs', `${whose}: ${age}`), owner }
}

/** Whether there is a ledger, and whether an agent keeps it. */
export async function checkAgent(stateDirectory: string, now: number): Promise<Finding> {
  const seen = await lookAtLedger(stateDirectory)
  if (seen.kind === 'unreadable') {
    const advice =
      'run check as the user that the agent runs as; a broken ledger is set aside at the next start'
    return failure('agent', `the ledger in ${stateDirectory} can't be read: ${seen.reason}`, advice)
  }
  const holder = await lockHolder(stateDirectory)
  const known =
    seen.kind === 'missing'
      ? 'no ledger yet'
      : `${pluralWords(Object.keys(seen.data.sources).length, 'source')} in the ledger, saved ${agoWords(seen.savedAt, now)}`
  return holder === undefined
    ? warning(
        'agent',
        `none runs on ${stateDirectory}; ${known}`,
        'start "kopia-metrics-agent run", or "push" by cron',
      )
    : ok('agent', `runs with pid ${holder} on ${stateDirectory}; ${known}`)
}

/** Whether the hooks, which run as Kopia's user, can leave their events. */
export async function checkSpool(stateDirectory: string, owner: LogOwner | undefined): Promise<Finding> {
  const spool = join(stateDirectory, 'spool')
  const folders = [stateDirectory, spool]
  const kopia = owner ?? { userId: ownId(), groupId: process.getgid?.() ?? 0 }
  const name = await nameOf(kopia.userId)
  for (const folder of folders) {
    const stats = await statOf(folder)
    if (stats === 'unreachable') {
      return warning('spool', `${folder} can't be looked at`, 'run check as the user that the agent runs as')
    }
    if (stats === undefined) {
      return warning('spool', `${folder} is not there yet`, 'start the agent, which makes it')
    }
    if (!mayEnter(stats, kopia, folder === spool)) {
      const advice = `run the agent as ${name}, or the hooks' events never arrive; without hooks this does not matter`
      return warning(
        'spool',
        `${folder}, of ${await nameOf(stats.uid)}, is closed to Kopia's user ${name}`,
        advice,
      )
    }
  }
  const waiting = (await readdir(spool).catch(() => [])).filter((file) => file.endsWith('.event')).length
  return ok('spool', `${spool}, open to Kopia's user ${name}; ${countWords(waiting)} waiting`)
}

/** inode(7), "The file type and mode": owner, group, others, in this order; root may do all. */
function mayEnter(stats: Stats, { userId, groupId }: LogOwner, toWrite: boolean): boolean {
  if (userId === 0) return true
  const needed = toWrite ? 0o3 : 0o1
  const shift = stats.uid === userId ? 6 : stats.gid === groupId ? 3 : 0
  return ((stats.mode >> shift) & needed) === needed
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

/** Undefined where there is nothing. */
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

/** By the system's own list of users, which need not be a file. */
async function nameOf(userId: number): Promise<string> {
  const result = await execa('id', ['-nu', String(userId)], { reject: false, timeout: 5000 })
  return result.failed || result.stdout === '' ? `user ${userId}` : result.stdout
}
