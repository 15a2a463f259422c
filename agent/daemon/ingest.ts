// Takes in what Kopia and the hooks write: by events of the file system, and by a slow sweep as the safety net.

import type { RunTracker } from '../kopia/runs/tracker.ts'
import { isEventName } from '../spool/spool.ts'
import { coalesce } from '../util/coalesce.ts'
import type { Log } from '../util/log.ts'
import type { FaultGuard } from './faults.ts'
import type { LifeSigns } from './life-signs.ts'
import { type Alarm, createAlarm, every } from './timers.ts'
import { type FolderWatch, watchFolder } from './watch-folder.ts'

export type Ingest = {
  /** Reads all that is new in logs and spool, and settles it. Never rejects. `signal` ends the reading early. */
  readonly readEverything: (signal?: AbortSignal) => Promise<void>
  /** Sweeps until the signal is aborted. */
  readonly startSweeping: (signal: AbortSignal) => void
  /** Watches the folders until the signal is aborted, and begins with reading everything. */
  readonly startWatching: (signal: AbortSignal) => Promise<void>
  /** Ends the watches and resolves once nothing is being read. */
  readonly finish: () => Promise<void>
}

type IngestOptions = {
  readonly cliLogs: string
  readonly spoolFolder: string
  readonly tracker: Pick<RunTracker, 'sweep' | 'read' | 'isLive'>
  /** Settles what is new. */
  readonly look: () => Promise<void>
  /** How often the service manager wants a sign of life at least. */
  readonly watchdogMs: number | undefined
  readonly lifeSigns: LifeSigns
  readonly faults: FaultGuard
  readonly log: Log
}

const sweepIntervalMs = 30_000
/** How soon a folder that appears is watched; and one that is replaced, if no event reports it. */
const renewIntervalMs = { missing: 1000, there: 10_000 } as const

/** Creates the ingest; before it is started it reads only when it is called. */
export function createIngest(options: IngestOptions): Ingest {
  const { tracker, look, watchdogMs, lifeSigns, faults } = options
  const watches = createWatches(options, () => void renew())
  let renewal: Alarm | undefined

  async function readEverything(signal?: AbortSignal): Promise<void> {
    await faults.run("Reading Kopia's logs", () => tracker.sweep(signal))
    await look()
  }

  const sweep = coalesce(async () => {
    await readEverything()
    await lifeSigns.sweptAll()
  })

  const renew = coalesce(async () => {
    renewal?.clear()
    const renewed = await Promise.all(
      watches.map((watch) => faults.run(`Watching ${watch.folder}`, watch.renew)),
    )
    const areThere = watches.every((watch) => watch.isThere())
    renewal?.set(areThere ? renewIntervalMs.there : renewIntervalMs.missing)
    if (renewed.includes(true)) await readEverything()
  })

  return {
    readEverything,
    startSweeping: (signal) => {
      every(Math.min(sweepIntervalMs, (watchdogMs ?? Number.POSITIVE_INFINITY) / 2), signal, () => {
        lifeSigns.giveIfBusy()
        void sweep()
      })
    },
    startWatching: async (signal) => {
      if (signal.aborted) return
      renewal = createAlarm(signal, () => void renew())
      await renew()
    },
    finish: async () => {
      await Promise.all(watches.map((watch) => watch.close()))
      await Promise.all([sweep.idle(), renew.idle()])
    },
  }
}

function createWatches(
  { cliLogs, spoolFolder, tracker, look, log }: IngestOptions,
  onGone: () => void,
): readonly FolderWatch[] {
  return [
    watchFolder({
      folder: cliLogs,
      isLive: tracker.isLive,
      onHint: (fileName) => void tracker.read(fileName).then(look),
      onGone,
      onError: (error) => log.warn(`Watching ${cliLogs}: ${error}`),
    }),
    watchFolder({
      folder: spoolFolder,
      isLive: isEventName,
      onHint: () => void look(),
      onGone,
      onError: (error) => log.warn(`Watching ${spoolFolder}: ${error}`),
    }),
  ]
}
