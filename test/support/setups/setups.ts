// The setups in which the endings of endings.ts are tried: how Kopia runs, and what else uses its log directory.

import type { Cleanable } from '../cleanup.ts'
import type { Ending } from '../endings.ts'
import type { Lab } from '../lab.ts'
import { hideProcesses, reasonNotToHide } from './hidden-processes.ts'
import { createOtherRepository } from './other-repository.ts'
import { asClientOfServer } from './repository-server.ts'

export type SetupLab = {
  readonly lab: Lab
  /** Does to these sources what must change none of their figures; called before, while and after they are backed up. */
  readonly disturb?: (paths: readonly string[]) => Promise<void>
}

export type Setup = {
  readonly name: string
  /** Why the setup cannot be tried on this machine. */
  readonly skip?: string | undefined
  /** Further flags of each `snapshot create`. */
  readonly flags: readonly string[]
  /** Builds the setup around a new lab, before anything is backed up. */
  readonly enter: (context: Cleanable, lab: Lab) => Promise<SetupLab>
  /** Which endings the log and the repository show here; the hooks show more (`isShownByHooks`). */
  readonly isShown: (ending: Ending) => boolean
  /** Whether only Kopia's next run of the source shows that this one has failed. */
  readonly isShownByNextRun: (ending: Ending) => boolean
  /** Whether a good end of the process can be known: then `kopia_command_status` must say so. */
  readonly isGoodEndShown: boolean
}

const always = () => true
const never = () => false

export const plain: Setup = {
  name: 'plain',
  flags: [],
  enter: async (_, lab) => ({ lab }),
  isShown: always,
  isShownByNextRun: never,
  isGoodEndShown: true,
}

/** A killed process leaves a log that just stops, as a process does that has nothing to say for an hour. */
export const hidden: Setup = {
  ...plain,
  name: 'processes that cannot be seen',
  skip: reasonNotToHide,
  enter: async (_, lab) => ({ lab: { ...lab, kopia: hideProcesses(lab.kopia) } }),
  isShownByNextRun: ({ exitCode }) => exitCode === 'SIGKILL',
  // A silence after the last line can be maintenance.
  isGoodEndShown: false,
}

export const client: Setup = {
  ...plain,
  name: 'client of a repository server',
  enter: async (context, lab) => ({ lab: await asClientOfServer(context, lab) }),
}

export const twoRepositories: Setup = {
  ...plain,
  name: 'two repositories, one log directory',
  enter: async (_, lab) => {
    const other = await createOtherRepository(lab)
    return {
      lab,
      disturb: async (paths) => {
        await other.backUp(paths)
        await other.failToBackUp(paths)
      },
    }
  },
}

export const noTraceStorage: Setup = { ...plain, name: '--no-trace-storage', flags: ['--no-trace-storage'] }

/** A good backup leaves a log of 0 bytes, as every backup does on a full disk. */
export const warningsOnly: Setup = {
  ...plain,
  name: '--file-log-level=warning',
  flags: ['--file-log-level=warning'],
  isShown: ({ isShownByRepository }) => isShownByRepository,
  isGoodEndShown: false,
}
