// How much a backup is slowed by a verification that reads when it begins, and gives way to it.

import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { settingsOf } from '../../support/agent-command.ts'
import type { Lab } from '../../support/lab.ts'
import { waitFor } from '../../support/wait.ts'
import { median, type Result } from '../bench.ts'
import { millisecondsOf } from '../measure.ts'
import { type Tree, writeTree } from './tree.ts'
import { startVerify } from './verify-process.ts'

/** 200 MB in all, so that the first half second, in which the verification does not yet know, is not all of the backup. */
const backedUp: Tree = { files: 2000, meanBytes: 100_000 }
/** The verification reads everything, so that it reads for as long as it is let. */
const thorough = ['--percent=100', '--restore=3']
/** How long it has read when the backup begins. */
const readMs = 1000
const slowedAtMost = 1.1

type Options = {
  readonly lab: Lab
  /** With `KOPIA_METRICS_KOPIA_BIN` of `calls`. */
  readonly environment: NodeJS.ProcessEnv
  readonly calls: () => Promise<readonly string[]>
  /** A large source that has a snapshot. */
  readonly verified: string
  readonly pairs: number
}

/** Measures pairs of backups of new files, with the verification in the first or the second of a pair by turns. */
export async function measureGivingWay(options: Options): Promise<Result> {
  const seconds = { alone: [] as number[], beside: [] as number[] }
  const path = join(options.lab.folder, 'sources', 'written-anew')
  for (let pair = 0; pair <= options.pairs; pair += 1) {
    const order = pair % 2 === 0 ? (['alone', 'beside'] as const) : (['beside', 'alone'] as const)
    for (const [index, name] of order.entries()) {
      writeTree(path, backedUp, 1000 + 2 * pair + index)
      // What the kernel still has to write would disturb the one that begins sooner.
      execFileSync('sync')
      const milliseconds = await (name === 'alone' ? backUp(options, path) : backUpBeside(options, path))
      // The first pair is a warm-up.
      if (pair > 0) seconds[name].push(milliseconds / 1000)
    }
  }
  const ratios = seconds.beside.map((one, pair) => one / (seconds.alone[pair] ?? Number.NaN))
  return {
    rows: [
      { what: 'a backup of 200 MB alone', unit: 's', values: seconds.alone },
      { what: 'the same, begun while a verification reads', unit: 's', values: seconds.beside },
      { what: 'their ratio in each pair', unit: '×', values: ratios },
    ],
    verdicts: [
      {
        promise: 'a backup that begins while a verification reads, relative to one alone',
        unit: '×',
        reached: median(seconds.beside) / median(seconds.alone),
        limit: slowedAtMost,
        bound: 'at most',
      },
    ],
  }
}

function backUp({ lab }: Options, path: string): Promise<number> {
  return millisecondsOf(() => lab.kopia.must('snapshot', 'create', path))
}

async function backUpBeside(options: Options, path: string): Promise<number> {
  const { lab, environment, calls, verified } = options
  const verifications = async () =>
    (await calls()).filter((call) => call.includes(' snapshot verify ')).length
  const before = await verifications()
  const verifying = await startVerify({ ...settingsOf(lab), ...environment }, [...thorough, verified])
  try {
    await waitFor('Kopia verifies', async () => (await verifications()) > before || undefined)
    await sleep(readMs)
    if (verifying.child.exitCode !== null) throw new Error(`it ended too soon: ${verifying.output()}`)
    const milliseconds = await backUp(options, path)
    if (!verifying.output().includes('A backup is running'))
      throw new Error(`the verification did not give way: ${verifying.output()}`)
    return milliseconds
  } finally {
    await verifying.stop()
  }
}
