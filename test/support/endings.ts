// Every way in which a backup can end (the table of the field notes), each caused with a real Kopia.

import { randomBytes } from 'node:crypto'
import { chmod, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Outcome } from '../../agent/kopia/runs/outcome-kinds.ts'
import type { KopiaResult } from './kopia.ts'
import { breakAction, figuresOf, type Lab, sourceBytes } from './lab.ts'
import type { Service } from './stack.ts'
import { waitFor } from './wait.ts'

export type Backup = {
  readonly lab: Lab
  readonly agent: Service
  readonly path: string
  /** Further flags of `snapshot create`. */
  readonly flags: readonly string[]
}

export type Ending = {
  readonly name: string
  readonly outcome: Outcome
  readonly exitCode: number | NodeJS.Signals
  /** How many snapshots of the source the repository holds afterwards. */
  readonly snapshots: number
  /** The size of the newest snapshot, where it is known in advance. */
  readonly sizeBytes?: number
  /** Whether the hooks alone, without any log, show how the backup ended. */
  readonly isShownByHooks: boolean
  /** Whether the repository alone, without any log or hook, shows that there was a backup and how it ended. */
  readonly isShownByRepository: boolean
  /** Whether the test ends it, once the agent has seen it running. */
  readonly isInterrupted?: true
  /** Prepares the source so that its next backup ends this way. */
  readonly prepare: (lab: Lab, path: string) => Promise<unknown>
  /** Takes the backup and waits for its end. */
  readonly backUp: (backup: Backup) => Promise<KopiaResult>
  /** Makes the next backup of the source a good one. */
  readonly repair?: (path: string) => Promise<unknown>
}

const create = ({ lab, path, flags }: Backup, ...more: readonly string[]) =>
  lab.kopia.runUnprivileged('snapshot', 'create', ...flags, ...more, path)

export async function makeUnreadableFile(path: string): Promise<void> {
  const file = join(path, 'unreadable')
  await writeFile(file, 'nobody may read this')
  await chmod(file, 0)
}

/** Creates a file of 64 GiB of zeros, which takes long to read and no disk space. */
export async function makeLongFile(path: string): Promise<void> {
  const file = join(path, 'long')
  await writeFile(file, '')
  await truncate(file, 2 ** 36)
}

/** Ends a backup by a signal as soon as the agent has noticed that it runs. */
async function interrupt({ lab, agent, path, flags }: Backup, signal: NodeJS.Signals): Promise<KopiaResult> {
  const running = lab.kopia.start('snapshot', 'create', ...flags, path)
  await waitFor(`${path} is being backed up`, async () => (await figuresOf(agent, path)).runningSince)
  const exitCode = await running.stop(signal)
  return { exitCode, output: running.output() }
}

export const endings: readonly Ending[] = [
  {
    name: 'a complete snapshot',
    outcome: 'success',
    exitCode: 0,
    snapshots: 1,
    sizeBytes: sourceBytes,
    isShownByHooks: true,
    isShownByRepository: true,
    prepare: async () => undefined,
    backUp: (backup) => create(backup),
  },
  {
    name: 'files skipped by policy',
    outcome: 'success',
    exitCode: 0,
    snapshots: 1,
    isShownByHooks: true,
    isShownByRepository: true,
    prepare: async (lab, path) => {
      await makeUnreadableFile(path)
      await lab.kopia.must('policy', 'set', path, '--ignore-file-errors=true')
    },
    backUp: (backup) => create(backup),
  },
  {
    name: 'files that could not be read',
    outcome: 'failed',
    exitCode: 1,
    snapshots: 1,
    isShownByHooks: true,
    isShownByRepository: true,
    prepare: (_, path) => makeUnreadableFile(path),
    backUp: (backup) => create(backup),
  },
  {
    name: 'nothing changed, and identical snapshots are ignored',
    outcome: 'success',
    exitCode: 0,
    snapshots: 1,
    sizeBytes: sourceBytes,
    isShownByHooks: true,
    isShownByRepository: false,
    prepare: async (lab, path) => {
      await lab.kopia.must('policy', 'set', path, '--ignore-identical-snapshots=true')
      await lab.kopia.must('snapshot', 'create', path)
    },
    backUp: (backup) => create(backup),
  },
  {
    name: 'a failed before-action',
    outcome: 'failed',
    exitCode: 1,
    snapshots: 0,
    isShownByHooks: false,
    isShownByRepository: false,
    prepare: breakAction,
    backUp: (backup) => create(backup),
  },
  {
    name: 'a source that is gone',
    outcome: 'failed',
    exitCode: 1,
    snapshots: 1,
    isShownByHooks: false,
    isShownByRepository: false,
    prepare: async (lab, path) => {
      await lab.kopia.must('snapshot', 'create', path)
      await rm(path, { recursive: true })
    },
    backUp: (backup) => create(backup),
  },
  {
    name: 'SIGTERM',
    outcome: 'incomplete',
    exitCode: 0,
    snapshots: 1,
    isShownByHooks: true,
    isShownByRepository: false,
    prepare: (_, path) => makeLongFile(path),
    isInterrupted: true,
    backUp: (backup) => interrupt(backup, 'SIGTERM'),
  },
  {
    name: 'SIGKILL',
    outcome: 'failed',
    exitCode: 'SIGKILL',
    snapshots: 0,
    isShownByHooks: true,
    isShownByRepository: false,
    prepare: async (lab, path) => {
      await makeLongFile(path)
      // The killed backup leaves no snapshot. The policy shows that the source belongs to this repository.
      await lab.kopia.must('policy', 'set', path, '--compression=none')
    },
    isInterrupted: true,
    backUp: (backup) => interrupt(backup, 'SIGKILL'),
    repair: (path) => rm(join(path, 'long')),
  },
  {
    name: 'the upload limit',
    outcome: 'incomplete',
    exitCode: 0,
    snapshots: 1,
    isShownByHooks: true,
    isShownByRepository: true,
    prepare: async (_, path) => {
      for (const name of ['a', 'b', 'c', 'd']) await writeFile(join(path, name), randomBytes(3_000_000))
    },
    backUp: (backup) => create(backup, '--upload-limit-mb=1', '--parallel=1'),
  },
]
