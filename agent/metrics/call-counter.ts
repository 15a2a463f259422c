// Counts the agent's calls of the Kopia CLI, since they are what it costs.

import type { KopiaCalls } from './samples.ts'

export type CallCounter = {
  readonly count: (command: string, ok: boolean) => void
  readonly all: () => readonly KopiaCalls[]
}

/** Starts at no calls. */
export function createCallCounter(): CallCounter {
  const byKey = new Map<string, KopiaCalls>()
  const add = (command: string, result: KopiaCalls['result'], count: number) => {
    const key = `${command} ${result}`
    byKey.set(key, { command, result, count: (byKey.get(key)?.count ?? 0) + count })
  }
  return {
    // Both results are there from a command's first call on: increase() does not see a counter that is born at 1.
    count: (command, ok) => {
      add(command, ok ? 'success' : 'failed', 1)
      add(command, ok ? 'failed' : 'success', 0)
    },
    all: () => [...byKey.values()],
  }
}
