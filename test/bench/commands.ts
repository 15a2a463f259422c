// How long the short commands take, against an empty run of Node.

import { execFileSync } from 'node:child_process'
import type { Cleanable } from '../support/cleanup.ts'
import { createLab } from '../support/lab.ts'
import { tool } from '../support/tools.ts'
import { builtAgent } from './agent.ts'
import { type Bench, median, type Result } from './bench.ts'
import { interleaved, withFolder } from './measure.ts'

const rounds = 10

async function measure(_: string, context: Cleanable): Promise<Result> {
  const lab = await createLab(context)
  await lab.kopia.must('snapshot', 'create', await lab.makeSource('photos'))
  const [node, entry] = await builtAgent()
  const env = {
    ...process.env,
    ...lab.kopia.environment,
    KOPIA_METRICS_STATE_DIR: lab.stateDirectory,
    KOPIA_METRICS_KOPIA_BIN: tool('kopia'),
    KOPIA_METRICS_PUSHGATEWAY_URL: lab.gateway.url,
  }
  const run = (...parameters: readonly string[]) => execFileSync(node, parameters, { env, stdio: 'ignore' })
  const of = await interleaved(rounds, {
    node: () => run('-e', '0'),
    version: () => run(entry, '--version'),
    push: () => run(entry, 'push'),
    status: () => run(entry, 'status'),
  })
  return {
    rows: [
      { what: '`node -e 0`', unit: 'ms', values: of('node') },
      { what: '`--version`', unit: 'ms', values: of('version') },
      { what: '`status`', unit: 'ms', values: of('status') },
      { what: '`push`, with its six calls of Kopia', unit: 'ms', values: of('push') },
    ],
    verdicts: [
      {
        promise: 'time of `status`, relative to `node -e 0`',
        unit: '×',
        reached: median(of('status')) / median(of('node')),
        limit: 5,
        bound: 'at most',
      },
    ],
  }
}

export const commands: Bench = {
  name: 'commands',
  question: 'how long the short commands take, against an empty run of Node',
  run: () => withFolder(measure),
}
