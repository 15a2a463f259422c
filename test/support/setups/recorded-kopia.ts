// Kopia as the agent calls it: its calls are recorded, and refused while the test says so.

import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Lab } from '../lab.ts'
import { tool } from '../tools.ts'

export type RecordedKopia = {
  /** The program that the agent is to call, KOPIA_METRICS_KOPIA_BIN. */
  readonly program: string
  /** The calls so far, each with its parameters. */
  readonly calls: () => Promise<readonly string[]>
  readonly refuse: () => Promise<void>
  readonly answerAgain: () => Promise<void>
}

/** Creates a script that passes each call on to the real Kopia. */
export async function recordKopia(lab: Lab): Promise<RecordedKopia> {
  const [program, record, refusal] = ['kopia-of-agent', 'calls', 'refused'].map((name) =>
    join(lab.folder, name),
  ) as [string, string, string]
  const lines = [
    '#!/bin/sh',
    `echo "$*" >>'${record}'`,
    `[ ! -e '${refusal}' ] || { echo 'error connecting to repository: it is away' >&2; exit 1; }`,
    `exec '${tool('kopia')}' "$@"`,
    '',
  ]
  await writeFile(record, '')
  await writeFile(program, lines.join('\n'), { mode: 0o755 })
  return {
    program,
    calls: async () => (await readFile(record, 'utf8')).split('\n').filter(Boolean),
    refuse: () => writeFile(refusal, ''),
    answerAgain: () => rm(refusal),
  }
}
