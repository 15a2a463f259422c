// Watches how much a process reads, which Linux counts (proc_pid_io(5)).

import { readFile } from 'node:fs/promises'

const intervalMs = 1000

/**
 * Calls `onOver` with the bytes read, once they are more than `mostBytes()`. Counts files and network alike. Watches nothing
 * where the count can't be read. Returns a function that ends the watching.
 */
export function watchReads(
  pid: number,
  mostBytes: () => number,
  onOver: (bytes: number) => void,
): () => void {
  const timer = setInterval(async () => {
    const bytes = await bytesRead(pid)
    if (bytes === undefined || bytes <= mostBytes()) return
    clearInterval(timer)
    onOver(bytes)
  }, intervalMs)
  return () => clearInterval(timer)
}

async function bytesRead(pid: number): Promise<number | undefined> {
  const text = await readFile(`/proc/${pid}/io`, 'utf8').catch(() => '')
  const bytes = /^rchar: (\d+)$/m.exec(text)?.[1]
  return bytes === undefined ? undefined : Number(bytes)
}
