// Counts the runs of which nothing tells which repository they belong to.

import type { Log } from '../util/log.ts'

export type UnattributedRuns = { readonly note: (runId: string) => void }

type UnattributedRunsOptions = { readonly onUnattributed: () => void; readonly log: Log }

/** Creates the counting; it is reported once, with what to do. A server counts once, too. */
export function createUnattributedRuns({ onUnattributed, log }: UnattributedRunsOptions): UnattributedRuns {
  const noted = new Set<string>()
  return {
    note: (runId) => {
      if (noted.has(runId)) return
      if (noted.size === 0) {
        log.warn(
          `kopia (${runId}) can't be told apart from runs of another repository, so nothing of it is counted; nor are others ` +
            'like it. Give each repository its own KOPIA_LOG_DIR, and let the agent see the processes of Kopia.',
        )
      }
      noted.add(runId)
      onUnattributed()
    },
  }
}
