// Only one test at a time builds packages: all builds write to the same folder.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { projectFolder } from './tools.ts'

/** Does the work while no other process of this checkout builds. The lock ends with this process, however it ends. */
export async function whileBuilding<T>(work: () => Promise<T>): Promise<T> {
  const folder = join(projectFolder, 'build')
  await mkdir(folder, { recursive: true })
  const holder = spawn('flock', [join(folder, 'lock'), 'sh', '-c', 'echo held; exec cat'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const ended = once(holder, 'close')
  const result = await Promise.race([once(holder.stdout, 'data'), ended])
  if (String(result[0]) !== 'held\n') throw new Error(`flock ended with ${result[0]}`)
  try {
    return await work()
  } finally {
    holder.stdin.end()
    await ended
  }
}
