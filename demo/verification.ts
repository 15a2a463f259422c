// The second part of the demo: backups are proved readable; then one is damaged, and the damage is found.

import { randomBytes } from 'node:crypto'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { CommandResult } from '../test/support/agent-command.ts'
import type { KopiaLab } from '../test/support/kopia.ts'
import { query } from '../test/support/prometheus.ts'
import { waitFor } from '../test/support/wait.ts'
import { isFiring } from './alerts.ts'

export type VerificationDemo = {
  readonly kopia: KopiaLab
  /** The repository's folder. */
  readonly repository: string
  /** A source with a good backup. */
  readonly good: string
  /** A folder that does not exist yet: the source whose backup is damaged. */
  readonly damaged: string
  readonly prometheusUrl: string
  readonly runAgent: (...parameters: readonly string[]) => Promise<CommandResult>
  /** Does what changes files; it is awaited before the files are removed. */
  readonly doStep: <T>(step: () => Promise<T>) => Promise<T>
  readonly progress: (message: string) => void
}

/** Shows both, and resolves with whether everything came as it must. Rejects if it does not come in time. */
export async function showVerification(demo: VerificationDemo): Promise<boolean> {
  const { damaged, doStep, progress, prometheusUrl } = demo
  const packs = await doStep(() => backUpToDamage(demo))
  progress('Proving that the backups can be read back …')
  const good = await showCommand(demo, 'verify', '--percent', '100')
  await awaitProofs(demo)
  const status = await showCommand(demo, 'status')
  for (const pack of packs) await doStep(() => damage(join(demo.repository, pack)))
  process.stdout.write(
    `\nThe repository is damaged: some bytes of ${packs.join(', ')} are no longer the same.\n`,
  )
  progress('Proving it again …')
  const bad = await showCommand(demo, 'verify', '--percent', '100')
  progress('Waiting for KopiaVerifyFailed to fire …')
  await waitFor(
    'KopiaVerifyFailed fires',
    async () => (await isFiring(prometheusUrl, 'KopiaVerifyFailed', damaged)) || undefined,
  )
  process.stdout.write(`\nKopiaVerifyFailed: firing for ${damaged}\n`)
  const isFound = bad.exitCode === 1 && (await verifyStatusOf(demo, damaged)) === 0
  const isOtherWell = (await verifyStatusOf(demo, demo.good)) === 1
  return good.exitCode === 0 && status.output.includes('PROVED') && isFound && isOtherWell
}

/** Resolves with the packs that this backup alone is in: Kopia writes new content into new packs. */
async function backUpToDamage({ kopia, repository, damaged, progress }: VerificationDemo) {
  await mkdir(damaged)
  await writeFile(join(damaged, 'file'), randomBytes(100_000))
  const before = new Set(await packsIn(repository))
  progress(`Backing up ${damaged} …`)
  await kopia.must('snapshot', 'create', damaged)
  return (await packsIn(repository)).filter((pack) => !before.has(pack))
}

/** The blobs with the content of files; their names begin with p. */
async function packsIn(repository: string): Promise<readonly string[]> {
  const paths = await readdir(repository, { recursive: true })
  return paths.filter((path) => path.startsWith('p') && path.endsWith('.f'))
}

async function damage(path: string): Promise<void> {
  const bytes = await readFile(path)
  const middle = bytes.length / 2
  await writeFile(
    path,
    bytes.map((byte, index) => (Math.abs(index - middle) < 32 ? byte ^ 0xff : byte)),
  )
}

async function showCommand(
  { runAgent }: VerificationDemo,
  ...parameters: readonly string[]
): Promise<CommandResult> {
  const result = await runAgent(...parameters)
  process.stdout.write(`
$ kopia-metrics-agent ${parameters.join(' ')}
${result.output.trimEnd()}
exit code ${result.exitCode}
`)
  return result
}

/** Until Prometheus and the agent's status have both proofs. */
async function awaitProofs(demo: VerificationDemo): Promise<void> {
  for (const path of [demo.good, demo.damaged]) {
    await waitFor(
      `the proof of ${path} arrives in Prometheus`,
      async () => (await verifyStatusOf(demo, path)) === 1 || undefined,
    )
  }
}

async function verifyStatusOf(
  { prometheusUrl }: VerificationDemo,
  path: string,
): Promise<number | undefined> {
  const [series] = await query(prometheusUrl, `kopia_verify_status{path="${path}"}`)
  return series?.value
}
