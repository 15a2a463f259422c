// Takes the repository of a lab away and brings it back, as a NAS that is switched off and on, and the agent's way to it.

import { rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { KopiaLab } from '../kopia.ts'
import type { Lab } from '../lab.ts'
import { tool } from '../tools.ts'

/** The folder of the repository of a lab. */
export const repositoryOf = ({ environment }: KopiaLab) =>
  join(dirname(environment.KOPIA_CONFIG_PATH ?? ''), 'repository')

const awayOf = (kopia: KopiaLab) => `${repositoryOf(kopia)}.away`

/** Kopia does not create the folder of a repository again, so everything that it reads or writes there fails. */
export const takeAway = (kopia: KopiaLab): Promise<void> => rename(repositoryOf(kopia), awayOf(kopia))

export const bringBack = (kopia: KopiaLab): Promise<void> => rename(awayOf(kopia), repositoryOf(kopia))

/** Removes the folder. It is moved away first: a Kopia of the agent that writes there meanwhile would keep it from being empty. */
export async function removeRepository(kopia: KopiaLab): Promise<void> {
  const removed = `${repositoryOf(kopia)}.removed`
  await rename(repositoryOf(kopia), removed)
  await rm(removed, { recursive: true })
}

/** Sets an action of the source that takes the repository away while its backup runs. */
export async function takeAwayDuring(
  { folder, kopia }: Lab,
  path: string,
  when: 'before' | 'after',
): Promise<void> {
  const script = join(folder, 'take-away.sh')
  await writeFile(script, `#!/bin/sh\nmv '${repositoryOf(kopia)}' '${awayOf(kopia)}'\n`, { mode: 0o755 })
  await kopia.must('policy', 'set', path, `--${when}-snapshot-root-action=${script}`)
}

/** Removes the actions of a source. */
export async function removeActions(kopia: KopiaLab, path: string): Promise<void> {
  await kopia.must('policy', 'set', path, '--before-snapshot-root-action=', '--after-snapshot-root-action=')
}

export type Barrier = {
  /** The setting that makes the agent ask through the barrier. */
  readonly settings: NodeJS.ProcessEnv
  readonly close: () => Promise<void>
  readonly open: () => Promise<void>
}

/** Makes a Kopia for the agent that can be kept from answering, while backups go on. */
export async function createBarrier({ folder }: Lab): Promise<Barrier> {
  const closed = join(folder, 'barrier-is-closed')
  const kopia = join(folder, 'kopia-behind-barrier')
  await writeFile(kopia, `#!/bin/sh\n[ ! -e '${closed}' ] && exec '${tool('kopia')}' "$@"\n`, { mode: 0o755 })
  return {
    settings: { KOPIA_METRICS_KOPIA_BIN: kopia },
    close: () => writeFile(closed, ''),
    open: () => rm(closed),
  }
}
