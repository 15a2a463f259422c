// Backups that wait in their before-action until a test lets them go on.

import { access, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Cleanable, cleanUpAfter } from '../cleanup.ts'
import type { KopiaLab } from '../kopia.ts'
import type { Running } from '../processes.ts'
import { waitFor } from '../wait.ts'

export type Gate = {
  /** Resolves when a backup waits at the gate. */
  readonly reached: () => Promise<void>
  /** Opens the gate for good. */
  readonly open: () => Promise<void>
}

let gates = 0

/** Sets a before-action of `target`, a path or `--global`, that waits until the gate is opened, and then ends with `exitCode`. */
export async function addGate(
  context: Cleanable,
  kopia: KopiaLab,
  target: string,
  exitCode = 0,
): Promise<Gate> {
  gates += 1
  const file = (name: string) => join(kopia.environment.TMPDIR ?? '', `gate-${gates}-${name}`)
  const [isReached, isOpen, script] = [file('is-reached'), file('is-open'), file('script')]
  const isOver = `[ -e '${isOpen}' ] || [ ! -e '${isReached}' ]`
  // It lets go of Kopia's output, whose end a test awaits, even if Kopia is killed while it waits.
  const waiting = `#!/bin/sh\nexec >/dev/null 2>&1\n: >'${isReached}'\nuntil ${isOver}; do sleep 0.05; done\nexit ${exitCode}\n`
  await writeFile(script, waiting, { mode: 0o755 })
  await kopia.must('policy', 'set', target, `--before-snapshot-root-action=${script}`)
  const open = () => writeFile(isOpen, '')
  cleanUpAfter(context, open)
  return {
    reached: () =>
      waitFor('a backup waits at the gate', () => access(isReached).then(() => true)).then(() => {}),
    open,
  }
}

/** Begins a command of Kopia that is killed after the test, if it still runs. */
export function begin(context: Cleanable, kopia: KopiaLab, ...parameters: readonly string[]): Running {
  const running = kopia.start(...parameters)
  cleanUpAfter(context, () => running.stop('SIGKILL'))
  return running
}
