// The metrics of the repository and of Kopia's commands.

import type { CommandState, RepositoryState } from '../ledger/ledger.ts'
import { type SamplesByName, sampleIfKnown } from './sample.ts'

const maintenanceKinds = ['quick', 'full'] as const

/** What Kopia answered about the repository; a metric has no samples before Kopia has answered. */
export function repositorySamples(repository: RepositoryState): SamplesByName {
  const { status, maintenance, blobs, contentsBytes } = repository
  const info = status && { repository: status.repositoryId, storage: status.storageType }
  const byKind = (field: 'lastSuccessAt' | 'nextAt') =>
    maintenanceKinds.flatMap((kind) => sampleIfKnown(maintenance?.[kind][field], { kind }))
  return new Map([
    ['kopia_repository_size_bytes', sampleIfKnown(blobs?.sizeBytes)],
    ['kopia_repository_blobs', sampleIfKnown(blobs?.count)],
    ['kopia_repository_contents_bytes', sampleIfKnown(contentsBytes)],
    ['kopia_repository_capacity_bytes', sampleIfKnown(status?.capacityBytes)],
    ['kopia_repository_available_bytes', sampleIfKnown(status?.availableBytes)],
    ['kopia_repository_info', sampleIfKnown(info && 1, info)],
    ['kopia_maintenance_last_success_timestamp_seconds', byKind('lastSuccessAt')],
    ['kopia_maintenance_next_timestamp_seconds', byKind('nextAt')],
  ])
}

/** How the last run of each command of Kopia's ended. */
export function commandSamples(commands: ReadonlyMap<string, CommandState>): SamplesByName {
  const all = [...commands]
  return new Map([
    [
      'kopia_command_status',
      all.map(([command, { result }]) => ({ labels: { command }, value: result === 'success' ? 1 : 0 })),
    ],
    [
      'kopia_command_last_success_timestamp_seconds',
      all.flatMap(([command, { lastSuccessAt }]) => sampleIfKnown(lastSuccessAt, { command })),
    ],
  ])
}
