// Queries Kopia's CLI for what its logs do not contain. Call it rarely: each call costs 0.2 s of CPU.

import { asRecord, asString, parseJson } from '../../util/json.ts'
import { formatSource, isReadByKopia, type Source } from '../source.ts'
import type { PolicyDefinition } from './actions.ts'
import { type AskKopia, createAskKopia, type KopiaOptions, type KopiaResult } from './exec.ts'
import { type Maintenance, parseMaintenance } from './maintenance.ts'
import { type Policy, parsePolicies } from './policies.ts'
import { createSnapshotReader, type Snapshot } from './snapshots.ts'

export type RepositoryStatus = {
  /** Empty for a client of a repository server, which is told no id of the repository. */
  readonly repositoryId: string
  readonly user: string
  readonly host: string
  /** Empty for a client of a repository server. */
  readonly storageType: string
  /** Whether the repository was connected with `--enable-actions`. */
  readonly areActionsEnabled: boolean
  /** Of the storage's volume; undefined if the storage does not report it. */
  readonly capacityBytes?: number
  readonly availableBytes?: number
}

/**
 * Whether Kopia is a client of a repository server (`kopia repository connect server`). Such a client answers `blob stats`,
 * `content stats` and `maintenance info` with "operation supported only on direct repository".
 */
export function isServerClient({ storageType }: RepositoryStatus): boolean {
  return storageType === ''
}

export type BlobStats = { readonly count: number; readonly sizeBytes: number }

export type Kopia = {
  /** Such as `0.23.1`; `0-unofficial` for a build from source. */
  readonly version: () => Promise<KopiaResult<string>>
  /** `kopia repository status`: Kopia's user and host, and the repository it is connected to. */
  readonly repositoryStatus: () => Promise<KopiaResult<RepositoryStatus>>
  /** All snapshots of the repository, or at least those of one source; incomplete ones included. */
  readonly snapshots: (source?: Source) => Promise<KopiaResult<readonly Snapshot[]>>
  readonly policies: () => Promise<KopiaResult<readonly Policy[]>>
  /** The own policy of each target, without what it inherits. */
  readonly exportPolicies: () => Promise<KopiaResult<Readonly<Record<string, PolicyDefinition>>>>
  /** The own policy of a target, which is a source or `(global)`; undefined if it has none. */
  readonly exportPolicy: (target: string) => Promise<KopiaResult<PolicyDefinition | undefined>>
  /** The policy in force for a target, with what it inherits. */
  readonly effectivePolicy: (target: string) => Promise<KopiaResult<PolicyDefinition>>
  readonly importPolicy: (target: string, policy: PolicyDefinition) => Promise<KopiaResult<void>>
  readonly deletePolicy: (target: string) => Promise<KopiaResult<void>>
  readonly maintenance: () => Promise<KopiaResult<Maintenance>>
  /** Number and size of the blobs. Kopia lists every blob, which can take long on a remote storage. */
  readonly blobStats: () => Promise<KopiaResult<BlobStats>>
  /** Size of all contents before compression and packing, which Kopia reads from its index. */
  readonly contentsBytes: () => Promise<KopiaResult<number>>
}

/** Listing 70,000 snapshots took 10 minutes (kopia/kopia#4617), 56,000 remote blobs 20 minutes (kopia/kopia#2888). */
export const longTimeLimitMs = 30 * 60_000

/** Creates a client for the repository of this machine's configuration. */
export function createKopia(options: KopiaOptions): Kopia {
  const ask = createAskKopia(options)
  return {
    version: () => ask({ command: ['--version'], parse: parseVersion }),
    repositoryStatus: () => ask({ command: ['repository', 'status', '--json'], parse: parseStatus }),
    snapshots: (source) => listSnapshots(ask, source),
    policies: () =>
      ask({
        command: ['policy', 'list', '--json'],
        parse: (text) => parsePolicies(parseJson(text)),
      }),
    exportPolicies: () => ask({ command: ['policy', 'export'], parse: parseExport }),
    // Export all policies: for a target without a policy Kopia fails with an error like any other.
    exportPolicy: (target) =>
      ask({ command: ['policy', 'export'], parse: (text) => parseExport(text)[target] }),
    effectivePolicy: (target) =>
      ask({
        command: ['policy', 'show', '--json', '--', target],
        parse: (text) => asRecord(parseJson(text), `policy of ${target}`),
      }),
    importPolicy: (target, policy) =>
      ask({
        command: ['policy', 'import'],
        input: JSON.stringify({ [target]: policy }),
        parse: () => undefined,
      }),
    deletePolicy: (target) => ask({ command: ['policy', 'delete', '--', target], parse: () => undefined }),
    maintenance: () =>
      ask({
        command: ['maintenance', 'info', '--json'],
        parse: (text) => parseMaintenance(parseJson(text)),
      }),
    blobStats: () =>
      ask({
        command: ['blob', 'stats', '--raw'],
        timeLimitMs: longTimeLimitMs,
        parse: parseBlobStats,
      }),
    contentsBytes: () =>
      ask({
        command: ['content', 'stats', '--raw'],
        timeLimitMs: longTimeLimitMs,
        parse: (text) => figureIn(text, 'Total Bytes'),
      }),
  }
}

function listSnapshots(ask: AskKopia, source: Source | undefined): Promise<KopiaResult<readonly Snapshot[]>> {
  const reader = createSnapshotReader()
  return ask({
    command: ['snapshot', 'list', '--all', '--incomplete', '--json', ...onlyOf(source)],
    timeLimitMs: longTimeLimitMs,
    onLine: reader.addLine,
    parse: reader.end,
  })
}

/**
 * `--` ends the options, so that a source named `--help` is not taken for one. Of a source that Kopia would take for another
 * one, and then know no snapshot, all are listed.
 */
function onlyOf(source: Source | undefined): readonly string[] {
  return source === undefined || !isReadByKopia(source) ? [] : ['--', formatSource(source)]
}

function parseStatus(text: string): RepositoryStatus {
  const status = asRecord(parseJson(text), 'repository status')
  const client = asRecord(status.clientOptions, 'clientOptions')
  const storage = asRecord(status.storage ?? {}, 'storage')
  const volume = asRecord(status.volume ?? {}, 'volume')
  return {
    areActionsEnabled: client.enableActions === true,
    ...(typeof volume.capacity === 'number' && { capacityBytes: volume.capacity }),
    ...(typeof volume.available === 'number' && { availableBytes: volume.available }),
    repositoryId: typeof status.uniqueIDHex === 'string' ? status.uniqueIDHex : '',
    storageType: typeof storage.type === 'string' ? storage.type : '',
    user: asString(client.username, 'username'),
    host: asString(client.hostname, 'hostname'),
  }
}

/** `v0.23.1 build: … from: …`, or `v0-unofficial build: …`. */
function parseVersion(text: string): string {
  const version = /^v?(\d\S*)/.exec(text)?.[1]
  if (version === undefined) throw new Error(`expected a version, found ${JSON.stringify(text.slice(0, 60))}`)
  return version
}

function parseExport(text: string): Record<string, PolicyDefinition> {
  const entries = Object.entries(asRecord(parseJson(text), 'policies'))
  return Object.fromEntries(
    entries.map(([target, policy]) => [target, asRecord(policy, `policy of ${target}`)]),
  )
}

function parseBlobStats(text: string): BlobStats {
  return { count: figureIn(text, 'Count'), sizeBytes: figureIn(text, 'Total') }
}

function figureIn(text: string, name: string): number {
  const figure = new RegExp(`^${name}: (\\d+)$`, 'm').exec(text)?.[1]
  if (figure === undefined)
    throw new Error(`expected a line "${name}: <number>", found ${JSON.stringify(text.slice(0, 60))}`)
  return Number(figure)
}
