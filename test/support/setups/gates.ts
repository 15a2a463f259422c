// Before-actions that hold a backup until the test lets it go on.

import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Lab } from '../lab.ts'

export type Gate = { readonly open: () => Promise<void> }

/** Holds every backup of the source in its before-action, which then ends with `exitCode`, until the gate is opened, or the test is over. */
export async function closeGate(lab: Lab, path: string, name: string, exitCode = 0): Promise<Gate> {
  const key = join(lab.folder, `${name}.open`)
  const script = join(lab.folder, `${name}.sh`)
  const lines = [
    '#!/bin/sh',
    `while [ ! -e '${key}' ] && [ -d '${lab.folder}' ]; do sleep 0.05; done`,
    `exit ${exitCode}`,
    '',
  ]
  await writeFile(script, lines.join('\n'), { mode: 0o755 })
  await lab.kopia.must('policy', 'set', path, `--before-snapshot-root-action=${script}`)
  return { open: () => writeFile(key, '') }
}
