// Counts the agent's calls of the Kopia CLI, since they are what it costs.

import type { KopiaCalls } from './samples.ts'

export type CallCounter = {
  readonly count: (command: string, ok: boolean) => void
  readonly all: () => readonly KopiaCalls[]
}

/** Starts at no calls. */
export function createCallCounter(): CallCounter {
  const byKey = new Map<string, KopiaCalls>()
  return {
    count: (command, ok) => {
      const result = ok ? 'success' : 'failed'
      const key = `${command} ${result}`
      byKey.set(key, { command, result, count: (byKey.get(key)?.count ?? 0) + 1 })
    },
    all: () => [...byKey.values()],
  }
}
