// Kopia's own CLI, asked for what no log tells. Every call costs 0.2 s of CPU: ask seldom.

import { execa } from 'execa'
import type { PolicyDefinition } from './actions.ts'
import { asRecord, asString, parseJson } from './json.ts'
import { type Maintenance, parseMaintenance } from './maintenance.ts'
import { type Policy, parsePolicies } from './policies.ts'
import { parseSnapshots, type Snapshot } from './snapshots.ts'
import { formatSource, type Source } from './source.ts'

/** An answer, or which command failed and why, in one line. */
export type Answer<T> = { readonly ok: true; readonly value: T } | Unanswered
export type Unanswered = { readonly ok: false; readonly command: string; readonly reason: string }

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

export type KopiaOptions = {
  readonly binary: string
  readonly configPath: string
  readonly password: string
  readonly logDirectory: string
  /** Ends calls that are under way when the agent stops. */
  readonly signal: AbortSignal
  /** Told before each call. */
  readonly onBegin?: () => void
  /** Told after each call, for the agent's own metrics. */
  readonly onCall: (command: string, ok: boolean) => void
}

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

const usualTimeoutMs = 60_000
/** 70,000 snapshots took 10 minutes (kopia/kopia#4617), 56,000 remote blobs 20 minutes (kopia/kopia#2888). */
const longTimeoutMs = 30 * 60_000
const largestAnswerBytes = 256 * 1024 * 1024

/** Binds Kopia's CLI to the repository of this machine's configuration. */
export function createKopia(options: KopiaOptions): Kopia {
  return {
    version: () => ask(options, ['--version'], usualTimeoutMs, parseVersion),
    repositoryStatus: () => ask(options, ['repository', 'status', '--json'], usualTimeoutMs, parseStatus),
    snapshots: (source) =>
      ask(
        options,
        ['snapshot', 'list', '--all', '--incomplete', '--json', ...only(source)],
        longTimeoutMs,
        (text) => parseSnapshots(parseJson(text)),
      ),
    policies: () =>
      ask(options, ['policy', 'list', '--json'], usualTimeoutMs, (text) => parsePolicies(parseJson(text))),
    exportPolicies: () => ask(options, ['policy', 'export'], usualTimeoutMs, parseExport),
    // Exported all at once: a target without a policy is an error of Kopia's, which reads like any other.
    exportPolicy: (target) =>
      ask(options, ['policy', 'export'], usualTimeoutMs, (text) => parseExport(text)[target]),
    effectivePolicy: (target) =>
      ask(options, ['policy', 'show', '--json', '--', target], usualTimeoutMs, (text) =>
        asRecord(parseJson(text), `policy of ${target}`),
      ),
    importPolicy: (target, policy) =>
      ask(
        options,
        ['policy', 'import'],
        usualTimeoutMs,
        () => undefined,
        JSON.stringify({ [target]: policy }),
      ),
    deletePolicy: (target) =>
      ask(options, ['policy', 'delete', '--', target], usualTimeoutMs, () => undefined),
    maintenance: () =>
      ask(options, ['maintenance', 'info', '--json'], usualTimeoutMs, (text) =>
        parseMaintenance(parseJson(text)),
      ),
    blobStats: () => ask(options, ['blob', 'stats', '--raw'], longTimeoutMs, parseBlobStats),
    contentsBytes: () =>
      ask(options, ['content', 'stats', '--raw'], longTimeoutMs, (text) => figureIn(text, 'Total Bytes')),
  }
}

/** `--` ends the options: a source named `--help` stays a name. */
function only(source: Source | undefined): readonly string[] {
  return source === undefined ? [] : ['--', formatSource(source)]
}

async function ask<T>(
  options: KopiaOptions,
  command: readonly string[],
  timeout: number,
  parse: (text: string) => T,
  input = '',
): Promise<Answer<T>> {
  const name = `kopia ${command.slice(0, 2).join(' ')}`
  options.onBegin?.()
  // Kopia logs every command, this one too: without the flag the agent would read about itself.
  const result = await execa(options.binary, ['--disable-file-logging', ...command], {
    env: environment(options),
    input,
    reject: false,
    timeout,
    maxBuffer: largestAnswerBytes,
    cancelSignal: options.signal,
    forceKillAfterDelay: 1000,
  })
  const answer = result.failed
    ? failure(name, reasonOf(result), options.password)
    : parseAnswer(name, result.stdout, parse)
  options.onCall(command.slice(0, 2).join(' '), answer.ok)
  return answer
}

/** Only what is set is passed on: an empty value would mean another thing to Kopia than none. */
function environment(options: KopiaOptions): Record<string, string> {
  return {
    KOPIA_CHECK_FOR_UPDATES: 'false',
    ...(options.configPath && { KOPIA_CONFIG_PATH: options.configPath }),
    ...(options.password && { KOPIA_PASSWORD: options.password }),
    ...(options.logDirectory && { KOPIA_LOG_DIR: options.logDirectory }),
  }
}

function reasonOf(result: {
  readonly shortMessage?: string | undefined
  readonly originalMessage?: string | undefined
  readonly stderr?: string | undefined
}): string {
  const lastLine = (result.stderr ?? '').trim().split('\n').at(-1)
  return lastLine || (result.originalMessage ?? result.shortMessage ?? 'it could not be started')
}

function parseAnswer<T>(name: string, text: string, parse: (text: string) => T): Answer<T> {
  try {
    return { ok: true, value: parse(text) }
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error)
    return { ok: false, command: name, reason: `unexpected answer: ${problem}` }
  }
}

function failure(name: string, reason: string, password: string): Answer<never> {
  const safe = password === '' ? reason : reason.replaceAll(password, '***')
  return { ok: false, command: name, reason: safe.split('\n')[0] ?? '' }
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
