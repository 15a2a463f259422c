// Kopia's own CLI, asked for what no log tells. Every call costs 0.2 s of CPU: ask seldom.

import { asRecord, asString, parseJson } from '../../util/json.ts'
import { formatSource, type Source } from '../source.ts'
import type { PolicyDefinition } from './actions.ts'
import { type Answer, ask, type KopiaOptions } from './exec.ts'
import { type Maintenance, parseMaintenance } from './maintenance.ts'
import { type Policy, parsePolicies } from './policies.ts'
import { createSnapshotReader, type Snapshot } from './snapshots.ts'

export type RepositoryStatus = {
  readonly repositoryId: string
  readonly user: string
  readonly host: string
  readonly storageType: string
  /** Whether the repository was connected with `--enable-actions`. */
  readonly areActionsEnabled: boolean
  /** Of the storage's volume, in bytes, where the storage can tell. */
  readonly capacityBytes?: number
  readonly availableBytes?: number
}

export type BlobStats = { readonly count: number; readonly sizeBytes: number }

export type Kopia = {
  /** Such as `0.23.1`. */
  readonly version: () => Promise<Answer<string>>
  /** `kopia repository status`: who Kopia is here, and what it is connected to. */
  readonly repositoryStatus: () => Promise<Answer<RepositoryStatus>>
  /** All snapshots, incomplete ones too; with one source only its own, within a minute. */
  readonly snapshots: (source?: Source) => Promise<Answer<readonly Snapshot[]>>
  readonly policies: () => Promise<Answer<readonly Policy[]>>
  /** What each target has for itself, by target. */
  readonly exportPolicies: () => Promise<Answer<Readonly<Record<string, PolicyDefinition>>>>
  /** What a target (a source, `(global)`) has for itself; undefined where it has no policy. */
  readonly exportPolicy: (target: string) => Promise<Answer<PolicyDefinition | undefined>>
  /** What is in force for a source, with what it inherits. */
  readonly effectivePolicy: (target: string) => Promise<Answer<PolicyDefinition>>
  readonly importPolicy: (target: string, policy: PolicyDefinition) => Promise<Answer<void>>
  readonly deletePolicy: (target: string) => Promise<Answer<void>>
  readonly maintenance: () => Promise<Answer<Maintenance>>
  /** What is stored. Lists every blob, which can take long on a remote storage. */
  readonly blobStats: () => Promise<Answer<BlobStats>>
  /** Bytes of all contents before compression and packing, from the index alone. */
  readonly contentsBytes: () => Promise<Answer<number>>
}

/** 70,000 snapshots took 10 minutes (kopia/kopia#4617), 56,000 remote blobs 20 minutes (kopia/kopia#2888). */
const longTimeLimitMs = 30 * 60_000

/** Binds Kopia's CLI to the repository of this machine's configuration. */
export function createKopia(options: KopiaOptions): Kopia {
  return {
    version: () => ask(options, { command: ['--version'], parse: parseVersion }),
    repositoryStatus: () => ask(options, { command: ['repository', 'status', '--json'], parse: parseStatus }),
    snapshots: (source) => askForSnapshots(options, source),
    policies: () =>
      ask(options, {
        command: ['policy', 'list', '--json'],
        parse: (text) => parsePolicies(parseJson(text)),
      }),
    exportPolicies: () => ask(options, { command: ['policy', 'export'], parse: parseExport }),
    // Exported all at once: a target without a policy is an error of Kopia's, which reads like any other.
    exportPolicy: (target) =>
      ask(options, { command: ['policy', 'export'], parse: (text) => parseExport(text)[target] }),
    effectivePolicy: (target) =>
      ask(options, {
        command: ['policy', 'show', '--json', '--', target],
        parse: (text) => asRecord(parseJson(text), `policy of ${target}`),
      }),
    importPolicy: (target, policy) =>
      ask(options, {
        command: ['policy', 'import'],
        input: JSON.stringify({ [target]: policy }),
        parse: () => undefined,
      }),
    deletePolicy: (target) =>
      ask(options, { command: ['policy', 'delete', '--', target], parse: () => undefined }),
    maintenance: () =>
      ask(options, {
        command: ['maintenance', 'info', '--json'],
        parse: (text) => parseMaintenance(parseJson(text)),
      }),
    blobStats: () =>
      ask(options, {
        command: ['blob', 'stats', '--raw'],
        timeLimitMs: longTimeLimitMs,
        parse: parseBlobStats,
      }),
    contentsBytes: () =>
      ask(options, {
        command: ['content', 'stats', '--raw'],
        timeLimitMs: longTimeLimitMs,
        parse: (text) => figureIn(text, 'Total Bytes'),
      }),
  }
}

function askForSnapshots(
  options: KopiaOptions,
  source: Source | undefined,
): Promise<Answer<readonly Snapshot[]>> {
  const reader = createSnapshotReader()
  return ask(options, {
    command: ['snapshot', 'list', '--all', '--incomplete', '--json', ...only(source)],
    timeLimitMs: longTimeLimitMs,
    onLine: reader.addLine,
    parse: reader.end,
  })
}

/** `--` ends the options: a source named `--help` stays a name. */
function only(source: Source | undefined): readonly string[] {
  return source === undefined ? [] : ['--', formatSource(source)]
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
    // A client of a Kopia server is told neither.
    repositoryId: typeof status.uniqueIDHex === 'string' ? status.uniqueIDHex : '',
    storageType: typeof storage.type === 'string' ? storage.type : '',
    user: asString(client.username, 'username'),
    host: asString(client.hostname, 'hostname'),
  }
}

/** `v0.23.1 build: … from: …`. */
function parseVersion(text: string): string {
  const version = /^v?(\d+\.\d+\S*)/.exec(text)?.[1]
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
