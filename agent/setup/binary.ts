// Finds Kopia's program.

import { join } from 'node:path'
import { placesOnDarwin } from '../settings/kopia-binary.ts'

/** `setting` is what the agent must be told; undefined where a unit finds the program by itself. */
export type Binary = { readonly path: string; readonly setting: string | undefined }

/** Where a unit looks (systemd.exec(5), "$PATH"). */
const unitPath = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin']

/** KopiaUI brings a Kopia of its own; Homebrew's and snap's folders are on the PATH of shells only. */
const otherPaths = [
  '/opt/KopiaUI/resources/server/kopia',
  '/home/linuxbrew/.linuxbrew/bin/kopia',
  '/snap/bin/kopia',
  ...placesOnDarwin,
]

/** Looks for `given`, or on `searchPath` (of the environment), where a unit looks, and in the other usual places. */
export async function findBinary(
  given: string,
  searchPath: string,
  home: string,
  isExecutable: (path: string) => Promise<boolean>,
): Promise<Binary | undefined> {
  if (given.includes('/')) {
    return (await isExecutable(given)) ? { path: given, setting: given } : undefined
  }
  const isUsual = given === 'kopia'
  const onPath = [...unitPath, ...searchPath.split(':'), join(home, '.local/bin'), join(home, 'bin')]
    .filter((folder) => folder.startsWith('/'))
    .map((folder) => join(folder, given))
  for (const path of [...onPath, ...(isUsual ? otherPaths : [])]) {
    if (!(await isExecutable(path))) continue
    const isInUnitPath = unitPath.some((folder) => join(folder, given) === path)
    return { path, setting: isInUnitPath ? (isUsual ? undefined : given) : path }
  }
  return undefined
}
