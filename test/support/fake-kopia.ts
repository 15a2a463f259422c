// Kopia's answers handed in, for unit tests of what the agent does with them.

import type { Kopia, RepositoryStatus } from '../../agent/kopia/cli/client.ts'
import type { KopiaResult } from '../../agent/kopia/cli/exec.ts'
import type { Policy } from '../../agent/kopia/cli/policies.ts'
import type { Snapshot } from '../../agent/kopia/cli/snapshots.ts'

export const status: RepositoryStatus = {
  repositoryId: 'abc',
  user: 'root',
  host: 'vm',
  storageType: 'filesystem',
  areActionsEnabled: true,
}

export type FakeKopia = Kopia & {
  /** The commands in the order in which they were asked. */
  readonly questions: string[]
  /** What the repository holds; may be changed. */
  held: readonly Snapshot[]
  /** Who Kopia is and which repository it is connected to; may be changed. */
  connected: RepositoryStatus
  /** May be changed. */
  policyList: readonly Policy[]
  /** Called for each question: a promise delays the answer, a reason refuses it. */
  refuse: (command: string) => Promise<string | undefined> | string | undefined
}

/** A Kopia with an empty repository, which answers at once. */
export function createFakeKopia(): FakeKopia {
  const questions: string[] = []

  async function answer<T>(command: string, value: () => T): Promise<KopiaResult<T>> {
    questions.push(command)
    const reason = await kopia.refuse(command)
    return reason === undefined
      ? { ok: true, value: value() }
      : { ok: false, command: `kopia ${command}`, reason }
  }

  const kopia: FakeKopia = {
    questions,
    held: [],
    connected: status,
    policyList: [],
    refuse: () => undefined,
    version: () => answer('--version', () => '0.23.1'),
    repositoryStatus: () => answer('repository status', () => kopia.connected),
    snapshots: () => answer('snapshot list', () => kopia.held),
    policies: () => answer('policy list', () => kopia.policyList),
    exportPolicies: () => answer('policy export', () => ({})),
    exportPolicy: () => answer('policy export', () => undefined),
    effectivePolicy: () => answer('policy show', () => ({})),
    importPolicy: () => answer('policy import', () => undefined),
    deletePolicy: () => answer('policy delete', () => undefined),
    maintenance: () => answer('maintenance info', () => ({ quick: {}, full: {} })),
    blobStats: () => answer('blob stats', () => ({ count: 1, sizeBytes: 2 })),
    contentsBytes: () => answer('content stats', () => 3),
  }
  return kopia
}
