// How Kopia is set up here, as the ledger, the logs, the repository and the processes show it together.

import { homedir } from 'node:os'
import { dirname } from 'node:path'
import type { Kopia } from '../kopia/cli/client.ts'
import type { Snapshot } from '../kopia/cli/snapshots.ts'
import { logMachineOf } from '../kopia/runs/log-machine.ts'
import { type LedgerData, unknownSetup } from '../ledger/ledger.ts'
import { isInScope } from '../reconcile/source-filter.ts'
import type { Settings } from '../settings/settings.ts'
import { configurationsBeside } from './configuration.ts'
import { checkEmptyLogs } from './empty-logs.ts'
import { newestEventAt } from './files.ts'
import { type Finding, failure } from './finding.ts'
import { checkHooksAndLogs } from './hooks-and-logs.ts'
import { checkIdentity, checkRepositoryId } from './identity.ts'
import { checkHooks, checkRepository } from './kopia.ts'
import { type LogFile, readLogFiles } from './log-files.ts'
import { folderWithLogsSince, likelyLogFolders, readUnits, type Surroundings } from './log-folders.ts'
import { explainedFinding, newestOwnSnapshots, unexplained, unexplainedFinding } from './own-snapshots.ts'
import { platformFinding, processFinding, viewProcesses, windowsFinding } from './processes.ts'
import { checkSharedLogs } from './shared-logs.ts'
import { checkTimeZone } from './time-zone.ts'
import { checkVerification } from './verification.ts'

const nowSeconds = () => Date.now() / 1000

export type Known = {
  readonly settings: Settings
  /** Empty if there is none that can be read. */
  readonly ledger: LedgerData
}

/** What Kopia answers, and whether it agrees with the ledger and the logs. */
export async function* checkAnswers(known: Known, kopia: Kopia): AsyncGenerator<Finding> {
  const { settings, ledger } = known
  const { finding, status } = await checkRepository(kopia, nowSeconds)
  yield finding
  if (status === undefined) return
  yield checkRepositoryId(ledger.repository.status, status)
  yield checkIdentity(ledger.repository.status, status)
  yield* await checkVerification(settings, ledger, status, nowSeconds())
  const { findings: ofHooks, hookedPolicies } = await checkHooks(kopia, status)
  yield* ofHooks
  const snapshots = await kopia.snapshots()
  if (!snapshots.ok) {
    const advice = 'run "kopia snapshot list --all" as this user'
    yield failure('snapshots', `${snapshots.command}: ${snapshots.reason}`, advice)
    return
  }
  const own = snapshots.value.filter(({ source }) => isInScope('local', status, source))
  yield checkTimeZone(own, ledger.repository.policies ?? [], settings.limits.timeZone)
  const newest = newestOwnSnapshots(snapshots.value, status)
  // Read after the answer, so that a backup that ended meanwhile has its log.
  const logs = await readLogFiles(settings.cliLogs)
  yield await checkSnapshots(known, newest, logs)
  if (hookedPolicies === undefined) return
  const { areActionsEnabled } = status
  yield checkHooksAndLogs({ hookedPolicies, areActionsEnabled, logs, hasSnapshots: newest.length > 0 })
}

async function checkSnapshots(
  { settings, ledger }: Known,
  newest: readonly Snapshot[],
  logs: readonly LogFile[],
): Promise<Finding> {
  const now = nowSeconds()
  const told = { logs, ledger, newestEventAt: await newestEventAt(settings.stateDirectory) }
  const blind = unexplained(newest, told, now)
  const [first] = blind.toSorted((one, other) => one.startedAt - other.startedAt)
  if (first === undefined) return explainedFinding(newest)
  const place = placeOf(settings)
  const folders = likelyLogFolders(place, await readUnits(place.home))
  const looked = folders.filter((folder) => folder !== dirname(settings.cliLogs))
  const elsewhere = await folderWithLogsSince(looked, first.startedAt)
  return unexplainedFinding(blind, { elsewhere, looked }, now)
}

/** Where Kopia logs, for whom, and whether its processes can be seen. */
export async function* checkLogging(
  { settings, ledger }: Known,
  userId: number | undefined,
): AsyncGenerator<Finding> {
  const setup = ledger.setup ?? unknownSetup
  yield checkSharedLogs({
    seen: setup.otherConfigurations,
    beside: await configurationsBeside(placeOf(settings).configPath),
    directory: settings.kopiaLogDirectory === '' ? 'default' : 'set',
  })
  yield checkEmptyLogs(settings.cliLogs, await readLogFiles(settings.cliLogs), nowSeconds())
  const ofPlatform = platformFinding(process.platform)
  if (ofPlatform !== undefined) yield ofPlatform
  if (logMachineOf(settings.cliLogs) === 'windows') {
    yield windowsFinding
    return
  }
  const readLogs = () => readLogFiles(settings.cliLogs)
  yield processFinding(await viewProcesses(setup.processesVisible, userId, readLogs, growthMs))
}

/** Long enough for a backup that writes to add a line to its log. */
const growthMs = 1500

function placeOf({ resolvedKopiaConfigPath: configPath }: Settings): Surroundings {
  const { XDG_CACHE_HOME: cacheHome = '' } = process.env
  return { platform: process.platform, home: homedir(), cacheHome, configPath }
}
