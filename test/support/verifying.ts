// Runs `verify` to its end, as a user does, and reads what it says and what becomes of it in the metrics.

import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { runAgentCommandWith, settingsOf } from './agent-command.ts'
import type { Lab } from './lab.ts'
import { start } from './processes.ts'
import { type Series, scrape } from './prometheus.ts'
import { agentEntry, type Service } from './stack.ts'

/** One source in the output of `verify --json`, as far as tests look at it. */
export type VerifiedSource = {
  readonly path: string
  readonly outcome: 'proven' | 'faulty' | 'unproven'
  readonly reason?: string
  readonly objects: number
  readonly read_bytes: number
  readonly restored_files: number
  readonly errors: Readonly<Record<string, number>>
  readonly faults: readonly { readonly kind: string; readonly path: string; readonly reason: string }[]
}

export type Verified = {
  readonly exitCode: number | NodeJS.Signals
  /** All output, standard error too. */
  readonly output: string
  readonly sources: readonly VerifiedSource[]
}

/** Runs `verify --json`. */
export function verify(lab: Lab, ...parameters: readonly string[]): Promise<Verified> {
  return verifyWith(lab, {}, ...parameters)
}

/** Does the same with further environment variables. */
export async function verifyWith(
  lab: Lab,
  more: NodeJS.ProcessEnv,
  ...parameters: readonly string[]
): Promise<Verified> {
  const { exitCode, output } = await runAgentCommandWith(lab, more, 'verify', '--json', ...parameters)
  return { exitCode, output, sources: sourcesIn(output) }
}

/** Does the same without the capabilities that let root read files without permission (capabilities(7)). */
export async function verifyUnprivileged(lab: Lab, ...parameters: readonly string[]): Promise<Verified> {
  const command = [process.execPath, agentEntry, 'verify', '--json', ...parameters]
  const withoutPower = process.getuid?.() === 0 ? ['setpriv', '--bounding-set=-all', '--inh-caps=-all'] : []
  const [file = '', ...rest] = [...withoutPower, ...command]
  const running = start('verify', file, rest, { environment: settingsOf(lab) })
  const exitCode = await running.ended
  return { exitCode, output: running.output(), sources: sourcesIn(running.output()) }
}

/** The sources in an output of `verify --json`; none where there is no JSON. */
export function sourcesIn(output: string): readonly VerifiedSource[] {
  const [json] = /^\{\n.*?^\}$/ms.exec(output) ?? []
  return json === undefined ? [] : JSON.parse(json).sources
}

/** The kinds of fault of the only source, each once, behind its outcome and the exit code. */
export function verdictOf({ exitCode, output, sources }: Verified): readonly unknown[] {
  const [source, ...others] = sources
  if (source === undefined || others.length > 0) throw new Error(`expected one source, found: ${output}`)
  const kinds = Object.entries(source.errors ?? {}).filter(([, count]) => count > 0)
  return [exitCode, source.outcome, ...kinds.map(([kind]) => kind)]
}

/** What the metrics say of a source's proof; empty where they say nothing. */
export async function proofOf(service: Service, path: string): Promise<Readonly<Record<string, number>>> {
  const all = await scrape(service.url)
  const series = [...all].filter(([name]) => name.startsWith('kopia_verify_')).flatMap(([, found]) => found)
  const named = [...all].flatMap(([name, found]) => found.map((one) => [name, one] as const))
  return Object.fromEntries(
    named
      .filter(([, one]) => series.includes(one) && one.labels.path === path)
      .map(([name, one]) => [shortName(name, one), one.value]),
  )
}

function shortName(name: string, { labels }: Series): string {
  const short = name.replace('kopia_verify_', '')
  return labels.kind === undefined ? short : `${short} ${labels.kind}`
}

/** The files of results that no agent has taken yet. */
export async function resultFiles(lab: Lab): Promise<readonly string[]> {
  return await namesIn(join(lab.stateDirectory, 'verify', 'results'))
}

/** What lies in the state directory's folder of verifications, without the results. */
export async function leftovers(lab: Lab): Promise<readonly string[]> {
  return (await namesIn(join(lab.stateDirectory, 'verify'))).filter((name) => name !== 'results')
}

async function namesIn(folder: string): Promise<readonly string[]> {
  return await readdir(folder).catch(() => [])
}
