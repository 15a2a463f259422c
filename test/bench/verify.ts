// What a verification costs: time and memory for 100,000 files, requests to the storage, and what others notice of it.

import { join } from 'node:path'
import { settingsOf } from '../support/agent-command.ts'
import type { Cleanable } from '../support/cleanup.ts'
import { createLab, type Lab } from '../support/lab.ts'
import type { Bench, BenchOptions, Result, Row } from './bench.ts'
import { countingKopia } from './day.ts'
import { withFolder } from './measure.ts'
import { measureGivingWay } from './verify/giving-way.ts'
import { measureLarge } from './verify/large.ts'
import { costsOf, countRequests, rowsOf } from './verify/requests.ts'
import { measureScheduledIdle } from './verify/scheduled-idle.ts'
import { type Tree, writeTree } from './verify/tree.ts'

const large: Tree = { files: 100_000, meanBytes: 4000 }
const small: Tree = { files: 1000, meanBytes: 100_000 }
/** As the agent does by default. */
const usual = ['--percent=1', '--restore=3']
const runs = {
  usual: { rounds: 3, pairs: 9, idleSeconds: 60 },
  long: { rounds: 7, pairs: 15, idleSeconds: 600 },
}

async function makeSnapshot(lab: Lab, name: string, tree: Tree, seed: number): Promise<string> {
  const path = join(lab.folder, 'sources', name)
  writeTree(path, tree, seed)
  await lab.kopia.must('snapshot', 'create', path)
  return path
}

/** The costs of the large source, and of a backup beside its verification. */
async function measureLargeSource(
  folder: string,
  context: Cleanable,
  { length }: BenchOptions,
): Promise<readonly Result[]> {
  const { rounds, pairs } = runs[length]
  const lab = await createLab(context)
  const verified = await makeSnapshot(lab, 'large', large, 1)
  const { binary, calls } = await countingKopia(folder)
  const environment = { ...settingsOf(lab), KOPIA_METRICS_KOPIA_BIN: binary }
  const parameters = [...usual, verified]
  const costs = await measureLarge({ environment, calls, parameters, files: large.files, rounds })
  const requested = await costsOf(await countRequests(context, lab), parameters, rounds)
  const requests = rowsOf('100,000 files, 400 MB', requested)
  const givingWay = await measureGivingWay({ lab, environment, calls, verified, pairs })
  return [costs, { rows: requests, verdicts: [] }, givingWay]
}

/** The requests of small sources: of one, and of two in one run, which tell what each further source adds. */
async function measureSmallSources(context: Cleanable, rounds: number): Promise<readonly Row[]> {
  const lab = await createLab(context)
  const one = await makeSnapshot(lab, 'one', small, 2)
  const other = await makeSnapshot(lab, 'other', small, 3)
  const counted = await countRequests(context, lab)
  return [
    ...rowsOf('1,000 files, 100 MB', await costsOf(counted, [...usual, one], rounds)),
    ...rowsOf('two such sources in one run', await costsOf(counted, [...usual, one, other], rounds)),
  ]
}

async function measure(folder: string, context: Cleanable, options: BenchOptions): Promise<Result> {
  const ofLarge = await measureLargeSource(folder, context, options)
  const small = await measureSmallSources(context, runs[options.length].rounds)
  const idle = await measureScheduledIdle(context, runs[options.length].idleSeconds)
  const [costs, ...others] = ofLarge
  return {
    rows: [costs?.rows ?? [], small, ...others.map((it) => it.rows), idle.rows].flat(),
    verdicts: [...ofLarge, idle].flatMap(({ verdicts }) => verdicts),
  }
}

export const verify: Bench = {
  name: 'verify',
  question:
    'what a verification costs, with 1 % of the files read and 3 restored; and a backup that begins meanwhile',
  run: (options) => withFolder((folder, context) => measure(folder, context, options)),
}
