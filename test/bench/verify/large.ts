// What a verification of a large source takes: time, CPU, memory and calls of Kopia.

import type { Result, Row } from '../bench.ts'
import { median } from '../bench.ts'
import type { VerifyFigures } from './verify-process.ts'
import { measureVerify } from './verify-process.ts'

const secondsAllowed = 60
const mebibytesAllowed = 100

type Options = {
  readonly environment: NodeJS.ProcessEnv
  readonly calls: () => Promise<readonly string[]>
  readonly parameters: readonly string[]
  readonly files: number
  readonly rounds: number
}

/** Verifies so often, each time with an empty cache. */
export async function measureLarge(options: Options): Promise<Result> {
  const { environment, calls, parameters, files, rounds } = options
  const figures: VerifyFigures[] = []
  const called: number[] = []
  for (let round = 0; round < rounds; round += 1) {
    const before = (await calls()).length
    figures.push(await measureVerify(environment, parameters))
    called.push((await calls()).length - before)
  }
  const valuesOf = (name: keyof VerifyFigures) => figures.map((it) => it[name])
  const what = `${files.toLocaleString('en')} files`
  const rows: Row[] = [
    { what: `${what}: a verification`, unit: 's', values: valuesOf('seconds') },
    { what: `${what}: CPU, including Kopia`, unit: 'CPU s', values: valuesOf('cpuSeconds') },
    { what: `${what}: CPU of the agent alone`, unit: 'CPU s', values: valuesOf('agentCpuSeconds') },
    { what: `${what}: peak memory of the agent`, unit: 'MiB', values: valuesOf('agentMebibytes') },
    { what: `${what}: peak memory of Kopia`, unit: 'MiB', values: valuesOf('kopiaMebibytes') },
    { what: `${what}: calls of Kopia`, unit: 'calls', values: called },
  ]
  return {
    rows,
    verdicts: [
      {
        promise: `a verification of ${what}`,
        unit: 's',
        reached: median(valuesOf('seconds')),
        limit: secondsAllowed,
        bound: 'at most',
      },
      {
        promise: `a verification of ${what}, peak memory of the agent`,
        unit: 'MiB',
        reached: Math.max(...valuesOf('agentMebibytes')),
        limit: mebibytesAllowed,
        bound: 'at most',
      },
    ],
  }
}
