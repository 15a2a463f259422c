// A Kopia that stands still in a call until a test lets it go on, and the processes of Kopia that verify for a lab.

import { execFileSync } from 'node:child_process'
import { access, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Cleanable, cleanUpAfter } from './cleanup.ts'
import type { Lab } from './lab.ts'
import { tool } from './tools.ts'
import { waitFor } from './wait.ts'

export type HeldKopia = {
  /** The program that the agent is to call, KOPIA_METRICS_KOPIA_BIN. */
  readonly program: string
  readonly reached: () => Promise<void>
  /** Lets all further calls go on. */
  readonly release: () => Promise<void>
}

/** Holds each call of the command, such as `snapshot verify`. Held calls end with a signal, as Kopia does. */
export async function holdKopia(context: Cleanable, lab: Lab, command: string): Promise<HeldKopia> {
  const [program, reached, open] = ['held-kopia', 'is-held', 'is-released'].map((name) =>
    join(lab.folder, name),
  ) as [string, string, string]
  const lines = [
    '#!/bin/sh',
    `case " $* " in *" ${command} "*)`,
    `  echo $$ >>'${reached}'`,
    `  while [ ! -e '${open}' ] && [ -d '${lab.folder}' ]; do sleep 0.05; done`,
    'esac',
    `exec '${tool('kopia')}' "$@"`,
    '',
  ]
  await writeFile(program, lines.join('\n'), { mode: 0o755 })
  await rm(reached, { force: true })
  const release = () => writeFile(open, '')
  cleanUpAfter(context, release)
  return {
    program,
    reached: () => waitFor('Kopia stands still', () => access(reached).then(() => true)).then(() => {}),
    release,
  }
}

/** The processes that have the working folder of the lab's `verify` in their environment: Kopia, and what it is started through. */
export function kopiaProcessesOf(lab: Lab): readonly string[] {
  const work = join(lab.stateDirectory, 'verify', 'work')
  const script = `grep -lsF -e 'KOPIA_CACHE_DIRECTORY=${work}' /proc/[0-9]*/environ | cut -d/ -f3`
  return execFileSync('sh', ['-c', script], { encoding: 'utf8' }).split('\n').filter(Boolean)
}
