// Time and memory of `backfill` for 10,000 snapshots of 20 sources, and of promtool, which imports the result.

import { execFileSync } from 'node:child_process'
import { mkdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createKopiaLab, type KopiaLab } from '../support/kopia.ts'
import { start } from '../support/processes.ts'
import { tool } from '../support/tools.ts'
import { builtAgent, processIdOf } from './agent.ts'
import type { Bench, Result } from './bench.ts'
import { peakMebibytesIfAny, withFolder } from './measure.ts'

const sources = 20
const snapshotsPerSource = 500
const dayMs = 86_400_000

type Listed = { id: string; startTime: string; endTime: string; source: { path: string } }

/** Repeats a real Kopia's answer about one snapshot per source day by day: making 10,000 snapshots would take an hour. */
async function makeLongAnswer(kopia: KopiaLab, folder: string): Promise<string> {
  for (let number = 0; number < sources; number += 1) {
    const path = join(folder, 'sources', String(number))
    await mkdir(path, { recursive: true })
    await writeFile(join(path, 'file'), `worth keeping ${number}\n`)
    await kopia.must('snapshot', 'create', '--disable-file-logging', path)
  }
  const list = ['--disable-file-logging', 'snapshot', 'list', '--all', '--json']
  const environment = { ...process.env, ...kopia.environment }
  const real: readonly Listed[] = JSON.parse(
    execFileSync(tool('kopia'), list, { env: environment, encoding: 'utf8' }),
  )
  const many = Array.from({ length: snapshotsPerSource }, (_, day) =>
    real.map((snapshot, index) => ({
      ...snapshot,
      id: `${snapshot.id}${day}`,
      startTime: new Date(Date.now() - (day + 1) * dayMs - index * 60_000).toISOString(),
      endTime: new Date(Date.now() - (day + 1) * dayMs - index * 60_000 + 45_000).toISOString(),
    })),
  ).flat()
  const path = join(folder, 'answer.json')
  await writeFile(path, JSON.stringify(many))
  return path
}

/** A script that gives the long answer to `snapshot list`, and runs the real Kopia for every other command. */
async function makeKopia(folder: string, answer: string): Promise<string> {
  const path = join(folder, 'kopia.sh')
  const script = `#!/bin/sh\ncase "$*" in *"snapshot list"*) exec cat '${answer}' ;; esac\nexec '${tool('kopia')}' "$@"\n`
  await writeFile(path, script, { mode: 0o755 })
  return path
}

async function runMeasured(file: string, parameters: readonly string[], environment: NodeJS.ProcessEnv) {
  const begin = process.hrtime.bigint()
  const running = start('measured', file, parameters, { environment })
  let peak = 0
  const sampling = setInterval(() => {
    peak = Math.max(peak, peakMebibytesIfAny(processIdOf(running)))
  }, 20)
  const exitCode = await running.ended
  clearInterval(sampling)
  if (exitCode !== 0) throw new Error(running.output())
  const seconds = Number(process.hrtime.bigint() - begin) / 1e9
  return { seconds, peak, output: running.output() }
}

async function measure(folder: string): Promise<Result> {
  const kopia = await createKopiaLab(join(folder, 'kopia'), join(folder, 'state'))
  const answer = await makeLongAnswer(kopia, folder)
  const environment = { ...kopia.environment, KOPIA_METRICS_KOPIA_BIN: await makeKopia(folder, answer) }
  const file = join(folder, 'history.om')
  const [node, ...entry] = await builtAgent()
  const made = await runMeasured(node, [...entry, 'backfill', file], environment)
  const { size } = await stat(file)
  const samples = Number(/That makes ([\d,]+) samples/.exec(made.output)?.[1]?.replaceAll(',', ''))
  const blocks = ['tsdb', 'create-blocks-from', 'openmetrics', '--max-block-duration=744h', '--quiet', file]
  const imported = await runMeasured(tool('promtool'), [...blocks, join(folder, 'data')], {})
  return {
    rows: [
      { what: '`backfill`', unit: 's', values: [made.seconds] },
      { what: '`backfill`, peak memory', unit: 'MiB', values: [made.peak] },
      { what: 'samples that it writes', unit: 'samples', values: [samples] },
      { what: 'size of the file that it writes', unit: 'MiB', values: [size / 2 ** 20] },
      { what: '`promtool`, importing the file', unit: 's', values: [imported.seconds] },
      { what: '`promtool`, peak memory', unit: 'MiB', values: [imported.peak] },
    ],
    verdicts: [],
  }
}

export const backfill: Bench = {
  name: 'backfill',
  question: `what \`backfill\` costs for ${sources * snapshotsPerSource} snapshots of ${sources} sources`,
  run: () => withFolder(measure),
}
