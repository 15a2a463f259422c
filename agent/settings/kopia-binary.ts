// Finds Kopia's CLI where the folders of programs that a service gets do not have it: on macOS.

import { delimiter, join } from 'node:path'

/** Homebrew's on Apple silicon, Homebrew's on Intel and by hand, MacPorts', and the one in KopiaUI. launchd's PATH has none of them. */
export const placesOnDarwin: readonly string[] = [
  '/opt/homebrew/bin/kopia',
  '/usr/local/bin/kopia',
  '/opt/local/bin/kopia',
  '/Applications/KopiaUI.app/Contents/Resources/server/kopia',
]

type Facts = {
  readonly platform: NodeJS.Platform
  /** The environment variable PATH. */
  readonly searchPath: string | undefined
  readonly exists: (path: string) => boolean
}

/** The path of Kopia, where nothing but its usual name is set and PATH does not have it; else what is set. */
export function kopiaBinaryOf(configured: string, { platform, searchPath = '', exists }: Facts): string {
  if (platform !== 'darwin' || configured !== 'kopia') return configured
  const onPath = searchPath
    .split(delimiter)
    .some((folder) => folder !== '' && exists(join(folder, configured)))
  return onPath ? configured : (placesOnDarwin.find(exists) ?? configured)
}
