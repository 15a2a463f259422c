// Looks at a service again and again while something goes on, for tests of what must not be seen meanwhile.

import { setTimeout as sleep } from 'node:timers/promises'

const intervalMs = 100

/** Calls `look` until `until` settles, and once more, and resolves with all that was seen. */
export async function observeUntil<Seen>(
  until: Promise<unknown>,
  look: () => Promise<Seen>,
): Promise<readonly Seen[]> {
  const seen: Seen[] = []
  let isOver = false
  const end = () => {
    isOver = true
  }
  const over = until.then(end, end)
  while (!isOver) {
    seen.push(await look())
    await Promise.race([over, sleep(intervalMs)])
  }
  seen.push(await look())
  await until
  return seen
}
