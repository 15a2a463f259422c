// Records what Kopia leaves where `verify` restores files, and what comes to be elsewhere.

import { execFileSync } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Lab } from './lab.ts'
import { tool } from './tools.ts'

export type RestoreWatch = {
  /** The program that the agent is to call, KOPIA_METRICS_KOPIA_BIN. */
  readonly program: string
  /** For each restored file: the modes of the working folder, of the folder that it is in, and its own, and what it is. */
  readonly seen: () => Promise<readonly string[]>
  /** Everything that was made in the lab since the watch began, beside Kopia's and the agent's own files. */
  readonly strays: () => Promise<readonly string[]>
}

/** Creates a script that passes each call on to the real Kopia, and looks at the target of each restore. */
export async function watchRestores(lab: Lab): Promise<RestoreWatch> {
  const [program, record, begun] = ['watched-kopia', 'restores', 'begun'].map((name) =>
    join(lab.folder, name),
  ) as [string, string, string]
  const lines = [
    '#!/bin/sh',
    `'${tool('kopia')}' "$@"`,
    'code=$?',
    'for target; do :; done',
    'case " $* " in *" restore "*)',
    '  folder=$(dirname "$target")',
    `  echo "$(stat -c %a "$(dirname "$folder")") $(stat -c %a "$folder") $(stat -c '%a %F' "$target")" >>'${record}'`,
    // Nothing but the target may be in the folder.
    `  [ "$(ls -A "$folder")" = file ] || ls -lA "$folder" >>'${record}'`,
    'esac',
    'exit $code',
    '',
  ]
  await writeFile(record, '')
  await writeFile(program, lines.join('\n'), { mode: 0o755 })
  await writeFile(begun, '')
  return {
    program,
    seen: async () => (await readFile(record, 'utf8')).split('\n').filter(Boolean),
    strays: async () => {
      const found = execFileSync('find', [lab.folder, '-newer', begun, '-type', 'f'], { encoding: 'utf8' })
      const isOwn = (file: string) =>
        [record, join(lab.folder, 'kopia'), lab.stateDirectory].some((own) => file.startsWith(own))
      return found.split('\n').filter((file) => file !== '' && !isOwn(file))
    },
  }
}
