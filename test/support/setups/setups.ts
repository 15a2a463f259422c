// The setups in which the endings of endings.ts are tried: how Kopia runs, and what else uses its log directory.

import type { Cleanable } from '../cleanup.ts'
import type { Ending } from '../endings.ts'
import type { Lab } from '../lab.ts'
import type { Service } from '../stack.ts'
import { waitFor } from '../wait.ts'
import { hideProcesses, inContainers, reasonNotToHide } from './hidden-processes.ts'
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
  /** Which endings can be known here. */
  readonly isShown: (ending: Ending, hasHooks: boolean) => boolean
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

/** The agent finds the processes in the namespaces below its own, so all is known as soon as beside it. */
export const container: Setup = {
  ...plain,
  name: "Kopia in containers of the agent's host",
  skip: reasonNotToHide,
  enter: async (_, lab) => ({ lab: { ...lab, kopia: inContainers(lab.kopia) } }),
}

/** A killed process leaves a log that just stops, as a process does that has nothing to say for an hour. */
export const hidden: Setup = {
  ...plain,
  name: 'processes that cannot be seen',
  skip: reasonNotToHide,
  enter: async (context, lab) => ({ lab: hideProcesses(context, lab) }),
  isShownByNextRun: ({ exitCode }) => exitCode === 'SIGKILL',
  // A silence after the last line can be maintenance.
  isGoodEndShown: false,
}

export const client: Setup = {
  ...plain,
  name: 'client of a repository server',
  enter: async (context, lab) => ({ lab: await asClientOfServer(context, lab) }),
}

/**
 * A run of less than a second can be over before the agent has looked at its process. Then only a snapshot shows to which
 * repository it belongs, and what left none is not counted. Interrupted runs last until the agent has seen them.
 */
export const twoRepositories: Setup = {
  ...plain,
  name: 'two repositories, one log directory',
  isShown: ({ isShownByRepository, isInterrupted }) => isShownByRepository || isInterrupted === true,
  enter: async (_, lab) => {
    const other = await createOtherRepository(lab)
    let agent: Service | undefined
    const startAgent: Lab['startAgent'] = async (settings) => {
      agent = await lab.startAgent(settings)
      return agent
    }
    return {
      lab: { ...lab, startAgent },
      disturb: async (paths) => {
        await other.backUp(paths)
        // Before the agent has learnt of the other repository, a failure there that it did not see alive looks like one here.
        await waitFor(
          'the agent knows of the other repository',
          () => agent?.output().includes('also serves another repository') || undefined,
        )
        await other.failToBackUp(paths)
      },
    }
  },
}

export const noTraceStorage: Setup = { ...plain, name: '--no-trace-storage', flags: ['--no-trace-storage'] }

/** A good backup leaves no log at all, so only the repository's schedule finds its snapshot. */
export const warningsOnly: Setup = {
  ...plain,
  name: '--file-log-level=warning',
  flags: ['--file-log-level=warning'],
  enter: async (_, lab) => ({
    lab: {
      ...lab,
      startAgent: (settings) =>
        lab.startAgent({ KOPIA_METRICS_REPOSITORY_SCHEDULE: '* * * * * *', ...settings }),
    },
  }),
  isShown: ({ isShownByRepository, isShownByHooks }, hasHooks) =>
    isShownByRepository || (hasHooks && isShownByHooks),
  isGoodEndShown: false,
}
