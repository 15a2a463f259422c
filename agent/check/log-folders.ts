// Finds the places where Kopia's logs may be instead of where the agent reads them.

import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isBackupLog, type LogFile, readLogFiles } from './log-files.ts'

export type Surroundings = {
  readonly platform: NodeJS.Platform
  readonly home: string
  /** XDG_CACHE_HOME; empty if not set. */
  readonly cacheHome: string
  /** The configuration file in use: its home can be another user's. */
  readonly configPath: string
}

/**
 * The log directories that Kopia may use, the likeliest first: `units` are the texts of systemd units. KopiaUI as a flatpak has
 * its own cache; a unit without HOME logs below its working directory, which is / by default.
 */
export function likelyLogFolders(
  { platform, home, cacheHome, configPath }: Surroundings,
  units: readonly string[],
): readonly string[] {
  const homes = [home, ...homeOf(configPath)]
  const folders = [
    ...units.flatMap(logFoldersOfUnit),
    ...homes.map((folder) => join(folder, '.var/app/io.kopia.KopiaUI/cache/kopia')),
    ...(cacheHome === '' ? [] : [join(cacheHome, 'kopia')]),
    ...homes.map((folder) => join(folder, '.cache/kopia')),
    '/.cache/kopia',
    '/root/.cache/kopia',
    ...(platform === 'darwin' ? homes.map((folder) => join(folder, 'Library/Logs/kopia')) : []),
  ]
  return [...new Set(folders)]
}

function homeOf(configPath: string): readonly string[] {
  const home = /^(.+)\/(?:\.config|\.var\/app\/[^/]+\/config|Library\/Application Support)\/kopia\//.exec(
    configPath,
  )?.[1]
  return home === undefined ? [] : [home]
}

/** What a unit that runs Kopia says: its log directory if it is set, else below its working directory. */
export function logFoldersOfUnit(text: string): readonly string[] {
  if (!/^ExecStart\w*=.*\bkopia\b(?!-metrics-agent)/m.test(text)) return []
  const isSet = [...text.matchAll(/(?:KOPIA_LOG_DIR=|--log-dir[= ])["']?([^\s"']+)/g)]
  const directory = /^WorkingDirectory=-?(\/.*)$/m.exec(text)?.[1]
  return [
    ...isSet.map(([, folder = '']) => folder),
    ...(directory === undefined ? [] : [join(directory, '.cache/kopia')]),
  ]
}

/** Of `folders`, the one with the newest log of a backup since `time` (Unix seconds); undefined if none has one. */
export async function folderWithLogsSince(
  folders: readonly string[],
  time: number,
): Promise<string | undefined> {
  const found = await Promise.all(
    folders.map(async (folder) => ({
      folder,
      grewAt: newestBackupLog(await readLogFiles(join(folder, 'cli-logs'))),
    })),
  )
  return found.filter(({ grewAt }) => grewAt >= time).toSorted((one, other) => other.grewAt - one.grewAt)[0]
    ?.folder
}

function newestBackupLog(logs: readonly LogFile[]): number {
  return Math.max(...logs.filter(isBackupLog).map(({ grewAt }) => grewAt), Number.NEGATIVE_INFINITY)
}

/** The texts of the system's and the user's units that this machine's administrator has written. */
export async function readUnits(home: string): Promise<readonly string[]> {
  const texts = ['/etc/systemd/system', join(home, '.config/systemd/user')].map(async (folder) => {
    const names = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith('.service'))
    return Promise.all(names.map((name) => readFile(join(folder, name), 'utf8').catch(() => '')))
  })
  return (await Promise.all(texts)).flat()
}
