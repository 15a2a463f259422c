// What one hook call costs a backup, as a whole process, against an empty shell and against pushing from the hook.

import { execFileSync } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Cleanable, cleanUpAfter } from '../support/cleanup.ts'
import { hooks } from '../support/kopia.ts'
import { startPushgateway } from '../support/stack.ts'
import { type Bench, median, type Result } from './bench.ts'
import { interleaved, withFolder } from './measure.ts'

const rounds = 15
/** A shell makes the calls, as cheaply as Kopia does: Node takes longer to start the hook than the hook runs. */
const callsInRound = 20
const callAgain = 'n=$1; shift; while [ "$n" -gt 0 ]; do "$@"; n=$((n - 1)); done'

/** What people use as a hook today. */
const nodePusher = (url: string) =>
  `await fetch('${url}', { method: 'POST', body: 'kopia_backup_done_timestamp_seconds ' + Date.now() / 1000 + '\\n' })`

/** Measures the hook and its rivals in turn; each value is the mean of several calls. */
export async function hookMilliseconds(folder: string, context: Cleanable, count: number) {
  const gateway = await startPushgateway()
  cleanUpAfter(context, () => gateway.stop())
  const stateDirectory = join(folder, 'state')
  await mkdir(join(stateDirectory, 'spool'), { recursive: true })
  const [script, body] = [join(folder, 'push.mjs'), join(folder, 'body')]
  const url = `${gateway.url}/metrics/job/kopia`
  await writeFile(script, nodePusher(url))
  await writeFile(body, 'kopia_backup_done_timestamp_seconds 1\n')
  const env = {
    ...process.env,
    KOPIA_METRICS_STATE_DIR: stateDirectory,
    KOPIA_ACTION: 'after-snapshot-root',
    KOPIA_SNAPSHOT_ID: '1f',
    KOPIA_SOURCE_PATH: '/data/photos',
    KOPIA_VERSION: '0.23.1',
  }
  const run = (...command: readonly string[]) =>
    execFileSync('sh', ['-c', callAgain, 'calls', String(callsInRound), ...command], { env, stdio: 'ignore' })
  const of = await interleaved(count, {
    shell: () => run('sh', '-c', ':'),
    hook: () => run(hooks.after),
    curl: () => run('curl', '--silent', '--data-binary', `@${body}`, url),
    node: () => run(process.execPath, script),
  })
  return (name: Parameters<typeof of>[0]) => of(name).map((milliseconds) => milliseconds / callsInRound)
}

async function measure(folder: string, context: Cleanable): Promise<Result> {
  const of = await hookMilliseconds(folder, context, rounds)
  return {
    rows: [
      { what: '`sh -c :`', unit: 'ms', values: of('shell') },
      { what: 'the hook', unit: 'ms', values: of('hook') },
      { what: 'a push by `curl`', unit: 'ms', values: of('curl') },
      { what: 'a push by a Node script', unit: 'ms', values: of('node') },
    ],
    verdicts: [
      { promise: 'a hook call', unit: 'ms', reached: median(of('hook')), limit: 5, bound: 'at most' },
    ],
  }
}

export const hook: Bench = {
  name: 'hook',
  question: 'what a hook call costs, as a whole process',
  run: () => withFolder(measure),
}
