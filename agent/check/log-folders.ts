// Finds the places where Kopia's logs may be instead of where the agent reads them.

import { readdir, readFile } from 'node:fs/promises'
import { isAbsolute, join } from 'node:path'
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
  const directory = /^WorkingDirectory=-?(\/.*)$/m.exec(text)?.[1]
  const below = (folder: string) => (directory === undefined ? [] : [join(directory, folder)])
  const isSet = valuesInUnit(text, 'KOPIA_LOG_DIR', '--log-dir')
  const folders = isSet.flatMap((folder) => (isAbsolute(folder) ? [folder] : below(folder)))
  // What other specifiers stand for is not known here.
  return [...folders, ...below('.cache/kopia')].filter((folder) => !/%\w/.test(folder))
}

/**
 * What a unit sets by a variable or a flag of Kopia, without its comments. A quoted value can hold spaces (systemd.syntax(7), "Quoting");
 * quotes that begin before the variable end its value in Environment= only, elsewhere a shell's script.
 */
export function valuesInUnit(unit: string, variable: string, flag: string): readonly string[] {
  const quoted = new RegExp(`(["'])${variable}=(.*?)\\1`, 'g')
  const usual = new RegExp(`(?:${variable}=|${flag}[= ]+)(?:(["'])(.*?)\\1|([^\\s"']+))`, 'g')
  const lines = unit.split('\n').filter((line) => !/^\s*[#;]/.test(line))
  return lines.flatMap((line) => {
    const inQuotes = line.startsWith('Environment=') ? [...line.matchAll(quoted)] : []
    const found = inQuotes.length > 0 ? inQuotes : [...line.matchAll(usual)]
    return found.map(([, , text, bare]) => text ?? bare ?? '')
  })
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
  // %h is the home of the user who runs systemd, also where User= is another (systemd.unit(5), "Specifiers").
  const places = [
    { folder: '/etc/systemd/system', specified: '/root' },
    { folder: join(home, '.config/systemd/user'), specified: home },
  ]
  const texts = places.map(async ({ folder, specified }) => {
    const names = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith('.service'))
    const read = (name: string) => readFile(join(folder, name), 'utf8').catch(() => '')
    return Promise.all(names.map(async (name) => (await read(name)).replaceAll('%h', () => specified)))
  })
  return (await Promise.all(texts)).flat()
}
