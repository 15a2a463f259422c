// What is known of each source and of the repository: the truth that is saved on disk, and that metrics are made of.

import type { BlobStats, RepositoryStatus } from '../kopia/cli/client.ts'
import type { Maintenance } from '../kopia/cli/maintenance.ts'
import type { Policy } from '../kopia/cli/policies.ts'
import type { Run, Runs } from '../kopia/runs/run.ts'
import { formatSource, type Source } from '../kopia/source.ts'
import { type CommandState, withCommand } from './command-state.ts'
import { createMoments, type Moments, type SavedMoments } from './moments.ts'
import { type Verification, withVerification } from './proof.ts'
import type { SourceState } from './source-state.ts'
import { createSources, type Sources } from './sources.ts'
import type { UptimeQuarters } from './uptime.ts'

export type { CommandState } from './command-state.ts'
export type { Question } from './sources.ts'

export type RepositoryState = {
  readonly status?: RepositoryStatus
  readonly policies?: readonly Policy[]
  readonly maintenance?: Maintenance | undefined
  readonly blobs?: BlobStats | undefined
  readonly contentsBytes?: number | undefined
  /** Another repository, to which the configuration is connected now; `status` is still the one that the ledger is about. */
  readonly changedTo?: RepositoryStatus | undefined
  /** Since when Kopia does not answer, in Unix seconds; undefined while it does, and in an older ledger. */
  readonly unreachableSince?: number | undefined
}

/** What the agent has learnt about how Kopia runs here. */
type Setup = {
  /** Configurations other than the agent's own whose runs write to the same log directory: paths, or words for one not seen. */
  readonly otherConfigurations: readonly string[]
  /** Whether the agent can see the processes of Kopia; undefined before a run showed it. */
  readonly processesVisible?: boolean
}

export const unknownSetup: Setup = { otherConfigurations: [] }

/** Raise it when a saved field changes, and teach migration.ts the step. */
export const ledgerVersion = 2

/** The ledger as it is saved. */
export type LedgerData = SavedMoments & {
  readonly version: typeof ledgerVersion
  readonly sources: Readonly<Record<string, SourceState>>
  readonly repository: RepositoryState
  readonly commands: Readonly<Record<string, CommandState>>
  readonly runs: Readonly<Record<string, Run>>
  /** Undefined where the machine is always on. */
  readonly uptimeQuarters?: UptimeQuarters
  /** Since when a schedule of verifications is set; undefined without one. */
  readonly verifyScheduledSince?: number
  readonly setup?: Setup
}

export const emptyLedger: LedgerData = {
  version: ledgerVersion,
  sources: {},
  repository: {},
  commands: {},
  runs: {},
}

export type Ledger = Omit<Sources, 'states'> &
  Omit<Moments, 'toData'> & {
    readonly sources: ReadonlyMap<string, SourceState>
    readonly repository: RepositoryState
    /** Undefined where the machine is always on. */
    readonly uptimeQuarters: UptimeQuarters | undefined
    readonly setUptimeQuarters: (quarters: UptimeQuarters | undefined) => void
    /** Since when a schedule of verifications is set, in Unix seconds; undefined without one. */
    readonly verifyScheduledSince: number | undefined
    readonly setVerifyScheduledSince: (since: number | undefined) => void
    readonly setup: Setup
    readonly updateSetup: (change: Partial<Setup>) => void
    readonly commands: ReadonlyMap<string, CommandState>
    /**
     * Notes how a command ended; `reason` says why it failed. Of two runs, the later end counts, and the earlier one is its last
     * success at most. An end after `nowSeconds` shows that the clock was set back, and does not count.
     */
    readonly addCommand: (command: string, endedAt: number, reason?: string, nowSeconds?: number) => void
    /** Adds an attempt to prove that a source can be read back. A source that is not known stays so. */
    readonly addVerification: (source: Source, verification: Verification, nowSeconds: number) => void
    readonly updateRepository: (change: RepositoryState) => void
    /** The ledger as plain data, together with the position of each run: both must be saved in one step. */
    readonly toData: (runs: Runs) => LedgerData
  }

/** Opens the ledger that was saved as `data`. */
export function createLedger(data: LedgerData): Ledger {
  let { repository, uptimeQuarters, verifyScheduledSince } = data
  let { setup = unknownSetup } = data
  const commands = new Map(Object.entries(data.commands))
  const { toData: momentsToData, ...moments } = createMoments(data)
  const { states, ...sources } = createSources(data.sources, moments)
  return {
    ...sources,
    ...moments,
    sources: states,
    commands,
    get repository() {
      return repository
    },
    get uptimeQuarters() {
      return uptimeQuarters
    },
    setUptimeQuarters: (quarters) => {
      uptimeQuarters = quarters
    },
    get verifyScheduledSince() {
      return verifyScheduledSince
    },
    setVerifyScheduledSince: (since) => {
      verifyScheduledSince = since
    },
    get setup() {
      return setup
    },
    updateSetup: (change) => {
      setup = { ...setup, ...change }
    },
    addCommand: (command, endedAt, reason, nowSeconds = endedAt) => {
      commands.set(command, withCommand(commands.get(command), endedAt, reason, nowSeconds))
    },
    addVerification: (source, ...verification) =>
      sources.note(source, proofAfter(states.get(formatSource(source)), ...verification)),
    updateRepository: (change) => {
      repository = { ...repository, ...change }
    },
    toData: (runs) => ({
      version: ledgerVersion,
      ...momentsToData(),
      sources: Object.fromEntries(states),
      repository,
      commands: Object.fromEntries(commands),
      runs: Object.fromEntries(runs),
      ...(uptimeQuarters !== undefined && { uptimeQuarters }),
      ...(verifyScheduledSince !== undefined && { verifyScheduledSince }),
      ...(setup !== unknownSetup && { setup }),
    }),
  }
}

function proofAfter(
  state: SourceState | undefined,
  verification: Verification,
  nowSeconds: number,
): Pick<SourceState, 'proof'> {
  return { proof: withVerification(state?.proof, verification, nowSeconds) }
}
