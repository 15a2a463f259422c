// A second configuration of Kopia, with its own repository and the same log directory: its backups must change nothing.

import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createRepository, hooks, type KopiaLab, kopiaWith } from '../kopia.ts'
import type { Lab } from '../lab.ts'

export type OtherRepository = {
  readonly kopia: KopiaLab
  /** Backs up the sources in one run, in which all goes well. */
  readonly backUp: (paths: readonly string[]) => Promise<void>
  /** Backs up the sources in one run, in which each fails by its before-action. */
  readonly failToBackUp: (paths: readonly string[]) => Promise<void>
}

/** Creates the other repository beside the lab's. An unchanged source is not saved there again. */
export async function createOtherRepository(lab: Lab): Promise<OtherRepository> {
  const environment = {
    ...lab.kopia.environment,
    KOPIA_CONFIG_PATH: join(lab.folder, 'other.config'),
    KOPIA_CACHE_DIRECTORY: join(lab.folder, 'other-cache'),
  }
  const kopia = kopiaWith(environment)
  const failing = kopiaWith({ ...environment, OTHER_ACTION_EXIT_CODE: '3' })
  await createRepository(kopia, join(lab.folder, 'other-repository'))
  const action = join(lab.folder, 'other-action.sh')
  await writeFile(action, '#!/bin/sh\nexit "$' + '{OTHER_ACTION_EXIT_CODE:-0}"\n', { mode: 0o755 })
  await kopia.must(
    ...['policy', 'set', '--global', '--ignore-identical-snapshots=true'],
    `--before-snapshot-root-action=${action}`,
    `--after-snapshot-root-action=${hooks.after}`,
    // The files by which a backup of endings.ts takes long.
    '--add-ignore=long',
  )
  return {
    kopia,
    // A source that is gone fails here too.
    backUp: async (paths) => void (await kopia.run('snapshot', 'create', ...paths)),
    failToBackUp: async (paths) => void (await failing.run('snapshot', 'create', ...paths)),
  }
}
