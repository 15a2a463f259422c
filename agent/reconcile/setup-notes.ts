// Notes in the ledger what the runs show about the setup: other configurations, and whether processes can be seen.

import { firstAttribution, type LogDirectoryUse } from '../kopia/runs/attribution.ts'
import type { EndedRun, OpenRun } from '../kopia/runs/run.ts'
import type { RunTracker } from '../kopia/runs/tracker.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { Log } from '../util/log.ts'

export type SetupNotes = {
  /** Looks at the runs that are not settled. Each change is reported once. */
  readonly note: () => void
  readonly logDirectoryUse: () => LogDirectoryUse
  /** Notes a run that has just ended well (Unix seconds) and whose snapshot the repository does not hold. */
  readonly noteForeignRun: (endedAt: number) => void
  /** Whether the run belongs to this repository, as far as that is known before the repository is asked. */
  readonly isOurs: (run: OpenRun | EndedRun) => boolean
}

/** How soon after its end the repository must lack the snapshot of a run: nobody deletes it in that time. */
const foreignSeconds = 60
const unseenConfiguration = 'a configuration that was not seen'

type SetupNotesOptions = {
  readonly nowSeconds: () => number
  readonly ledger: Pick<Ledger, 'setup' | 'updateSetup'>
  readonly tracker: Pick<RunTracker, 'runs' | 'configurationOf' | 'areProcessesVisible'>
  readonly log: Log
}

type KnownSetup = {
  readonly ledger: Pick<Ledger, 'setup'>
  readonly tracker: Pick<RunTracker, 'configurationOf'>
}

/** Of temporary configuration files each has its own name. */
const mostConfigurations = 10

/** Whether a run belongs to this repository, as far as that is known before the repository is asked. */
export function isOursBefore({ ledger, tracker }: KnownSetup): (run: OpenRun | EndedRun) => boolean {
  return (run) => firstAttribution(tracker.configurationOf(run), logDirectoryUseOf(ledger)) === 'own'
}

function logDirectoryUseOf({ setup }: Pick<Ledger, 'setup'>): LogDirectoryUse {
  return setup.otherConfigurations.length > 0 ? 'shared' : 'not shared'
}

/** Binds the notes to the ledger. */
export function createSetupNotes({ ledger, tracker, nowSeconds, log }: SetupNotesOptions): SetupNotes {
  const reported = new Set<string>()
  let isInvisibleReported = false

  function noteConfigurations(): void {
    for (const run of tracker.runs.values()) {
      const configuration = run.state === 'settled' ? undefined : tracker.configurationOf(run)
      if (configuration?.kind === 'other') addConfiguration(configuration.path)
    }
    // Those that the ledger knows are reported at each start.
    for (const path of ledger.setup.otherConfigurations) report(path)
  }

  function addConfiguration(path: string): void {
    const { otherConfigurations } = ledger.setup
    if (otherConfigurations.includes(path)) return
    ledger.updateSetup({ otherConfigurations: [...otherConfigurations, path].slice(-mostConfigurations) })
  }

  function report(path: string): void {
    if (reported.has(path)) return
    reported.add(path)
    log.warn(
      `Kopia's log directory also serves another repository, by ${path}: a run whose process can't be seen is not counted, ` +
        'since nothing tells which repository it belongs to. Give each repository its own KOPIA_LOG_DIR.',
    )
  }

  function noteVisibility(): void {
    const processesVisible = tracker.areProcessesVisible()
    if (processesVisible === undefined || processesVisible === ledger.setup.processesVisible) return
    ledger.updateSetup({ processesVisible })
    // One Kopia that can be seen and one that can't would report each run.
    if (!processesVisible && !isInvisibleReported) {
      isInvisibleReported = true
      log.warn(
        "Kopia writes, but its process can't be seen: a killed backup is known only at the next backup of the source, or " +
          "after an hour of silence. Let the agent share Kopia's pid namespace, as Kopia's user or as root.",
      )
    }
  }

  return {
    note: () => {
      noteConfigurations()
      noteVisibility()
    },
    logDirectoryUse: () => logDirectoryUseOf(ledger),
    // Later, the snapshot may have been deleted.
    noteForeignRun: (endedAt) => {
      if (nowSeconds() - endedAt <= foreignSeconds) addConfiguration(unseenConfiguration)
    },
    isOurs: isOursBefore({ ledger, tracker }),
  }
}
