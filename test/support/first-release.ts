// What 0.1.0 left on a machine: its ledger, its hooks and the events of its hooks, for a lab of today.

import { cp, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Lab } from './lab.ts'

/**
 * Written by the code of 0.1.0 (commit 215e6de, the first in which ledger, hooks and daemon worked and were tested), beside a
 * real Kopia 0.23.1 of alex@pi: a backup from before the agent, successes, a backup that its limit cut off, failures, a source
 * with hooks and without a log, and an open run of two sources, one of which was created. The spool holds a backup that only
 * hooks saw while no agent ran. Only folders were renamed.
 */
const folder = new URL('../fixtures/release-0.1.0/', import.meta.url)

export const firstLedgerText = () => readFile(new URL('ledger.json', folder), 'utf8')
export const firstHooks = fileURLToPath(new URL('hooks', folder))
export const firstSpool = fileURLToPath(new URL('spool', folder))

/** The log of the open run, which was killed later. */
const openLog = 'kopia-20261128-084352-5359-snapshot-create.0.log'

/** When the ledger was saved, in Unix seconds. */
const savedAt = 1795855440

/** How many seconds the times must move to be an hour ago. */
const timeShift = () => Date.now() / 1000 - 3600 - savedAt

/** The text of the ledger for another repository, as if it had been saved an hour ago. */
export async function firstLedgerOf(repositoryId: string): Promise<string> {
  const shift = timeShift()
  return (await firstLedgerText())
    .replaceAll(/"repositoryId":"[0-9a-f]+"/g, `"repositoryId":"${repositoryId}"`)
    .replaceAll(/\b1795855\d{3}(\.\d+)?\b/g, (time) => String(Number(time) + shift))
}

/**
 * Gives a lab the state of a machine on which 0.1.0 ran until an hour ago, with its hooks in the policy of the source
 * `hooked`. Resolves with the paths of the sources by their names.
 */
export async function asOfFirstRelease(lab: Lab): Promise<ReadonlyMap<string, string>> {
  const { kopia } = lab
  await kopia.must('repository', 'set-client', '--username=alex', '--hostname=pi')
  const status: { uniqueIDHex: string } = JSON.parse(
    (await kopia.must('repository', 'status', '--json')).output,
  )
  const names = ['photos', 'documents', 'music', 'broken', 'hooked', 'slow']
  const paths = new Map<string, string>()
  for (const name of names) paths.set(name, await lab.makeSource(name))
  const hooks = join(lab.folder, 'hooks-of-0.1.0')
  await cp(firstHooks, hooks, { recursive: true })
  await kopia.must(
    'policy',
    'set',
    paths.get('hooked') ?? '',
    `--before-snapshot-root-action=${hooks}/before-snapshot-root.sh`,
    `--after-snapshot-root-action=${hooks}/after-snapshot-root.sh`,
  )
  const shift = timeShift()
  const here = (text: string) => text.replaceAll('/data/', `${join(lab.folder, 'sources')}/`)
  const ledger = here(await firstLedgerOf(status.uniqueIDHex))
  await mkdir(lab.spool, { recursive: true, mode: 0o700 })
  await writeFile(join(lab.stateDirectory, 'ledger.json'), ledger)
  const log = here(await readFile(new URL(`cli-logs/${openLog}`, folder), 'utf8')).replaceAll(
    /^2026-11-28T08:43:5[\d.]+Z/gm,
    (time) => new Date(Date.parse(time) + shift * 1000).toISOString(),
  )
  await writeFile(join(kopia.logDirectory, 'cli-logs', openLog), log)
  return paths
}
