// Finds the folder in which Kopia logs for a configuration.

import { basename, join } from 'node:path'
import { likelyLogFolders, logFoldersOfUnit, valuesInUnit } from '../check/log-folders.ts'
import { hasDebugLine, isOfBackupCommand, isOfServer } from '../kopia/log/backup-logs.ts'
import { compareSegments, parseSegmentName, type SegmentName } from '../kopia/log/segment-name.ts'
import type { Person } from './facts.ts'
import type { Files } from './files.ts'
import { defaultLogFolder } from './places.ts'

export type LogPlace = { readonly folder: string; readonly isDefault: boolean; readonly hasBackups: boolean }

type Surroundings = {
  readonly files: Files
  readonly platform: NodeJS.Platform
  readonly self: Person
  readonly units: readonly string[]
  readonly cacheHome: string
  readonly logDirectory: string
}

/**
 * What was given decides, then a unit that names this configuration and a log directory. Else it is the folder of this person that has the newest
 * log of a backup, or Kopia's default if none has one.
 */
export async function logPlaceOf(
  surroundings: Surroundings,
  configPath: string,
  owner: Person,
): Promise<LogPlace> {
  const { files, platform, self, units } = surroundings
  const usual = defaultLogFolder(owner, platform)
  const placed = async (folder: string): Promise<LogPlace> => ({
    folder,
    isDefault: folder === usual,
    hasBackups: await tellsOfBackups(files, folder),
  })
  if (surroundings.logDirectory !== '') return placed(surroundings.logDirectory)
  const [ofUnit] = units.filter((text) => names(text, configPath)).flatMap(logFoldersOfUnit)
  if (ofUnit !== undefined) return placed(ofUnit)
  const cacheHome = owner.userId === self.userId ? surroundings.cacheHome : ''
  const others = units.filter((text) => !/--config-file|KOPIA_CONFIG_PATH/.test(text))
  const likely = likelyLogFolders({ platform, home: owner.home, cacheHome, configPath }, others)
  const owned: { folder: string; newest: string }[] = []
  for (const folder of [usual, ...likely.filter((candidate) => candidate !== usual)]) {
    if ((await files.ownerOf(join(folder, 'cli-logs'))) !== owner.userId) continue
    owned.push({ folder, newest: await newestBackup(files, folder) })
  }
  const [best] = owned.toSorted((one, other) => (one.newest < other.newest ? 1 : -1))
  return placed(best === undefined || best.newest === '' ? (flatpakLogs(configPath) ?? usual) : best.folder)
}

/** The newest run that makes backups; empty if there is none. A run's name begins with its time. */
async function newestBackup(files: Files, folder: string): Promise<string> {
  return (await backupLogs(files, folder)).at(-1)?.runId ?? ''
}

/** What commands log beside a server tells nothing of its backups. */
async function tellsOfBackups(files: Files, folder: string): Promise<boolean> {
  const logs = await backupLogs(files, folder)
  const server = logs.filter(isOfServer).at(-1)
  if (server === undefined) return logs.length > 0
  return hasDebugLine((await files.read(join(folder, 'cli-logs', server.fileName))) ?? '')
}

/** Logs of runs that make backups, the oldest first. */
async function backupLogs(files: Files, folder: string): Promise<readonly SegmentName[]> {
  const names = (await files.list(join(folder, 'cli-logs'))) ?? []
  const segments = names.map(parseSegmentName).filter((name) => name !== undefined)
  return segments.filter(isOfBackupCommand).toSorted(compareSegments)
}

function flatpakLogs(configPath: string): string | undefined {
  const app = /^(.+\/\.var\/app\/[^/]+)\/config\/kopia\//.exec(configPath)?.[1]
  return app === undefined ? undefined : join(app, 'cache/kopia')
}

/** A name alone stands for a file in Kopia's folder of configurations. */
function names(unit: string, configPath: string): boolean {
  const found = valuesInUnit(unit, 'KOPIA_CONFIG_PATH', '--config-file')
  return found.some((path) => path === configPath || path === basename(configPath))
}
