// Tells which kind of file system holds a folder, by the kernel's list of mounts.

import { readFileSync, realpathSync } from 'node:fs'
import { dirname } from 'node:path'

/**
 * The type of the file system that holds `folder`, such as `ext4`; the folder need not exist yet. Undefined where the system has
 * no such list: only Linux has it.
 */
export function fileSystemOf(folder: string): string | undefined {
  try {
    return typeInMounts(realFolder(folder), readFileSync('/proc/self/mountinfo', 'utf8'))
  } catch {
    return undefined
  }
}

/**
 * Whether this file system shows the folders of another machine that writes there itself: the drives of Windows in WSL 1 and 2,
 * and what a virtual machine gets from its host.
 */
export function isOfHost(type: string | undefined): boolean {
  return type === 'drvfs' || type === '9p' || type === 'virtiofs'
}

/** Without symbolic links; of a folder that does not exist, the nearest one above it that does. */
function realFolder(folder: string): string {
  try {
    return realpathSync(folder)
  } catch (error) {
    if (dirname(folder) === folder) throw error
    return realFolder(dirname(folder))
  }
}

/** `mountInfo` is in the form of proc_pid_mountinfo(5). The deepest mount holds the folder; of several there, the last. */
export function typeInMounts(folder: string, mountInfo: string): string | undefined {
  let deepest = { length: 0, type: undefined as string | undefined }
  for (const line of mountInfo.split('\n')) {
    const [before = '', after = ''] = line.split(' - ')
    const point = unescaped(before.split(' ')[4] ?? '')
    if (point === '' || point.length < deepest.length) continue
    const holds = point === '/' || folder === point || folder.startsWith(`${point}/`)
    if (holds) deepest = { length: point.length, type: after.split(' ')[0] }
  }
  return deepest.type
}

/** The kernel writes a space and some others in octal: `\040`. */
function unescaped(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))
}
