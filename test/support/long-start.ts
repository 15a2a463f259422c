// An agent that starts beside logs that take as long to read as a test wants.

import { type FileHandle, mkdir, open } from 'node:fs/promises'
import { join } from 'node:path'
import { type Cleanable, cleanUpAfter } from './cleanup.ts'
import type { Lab } from './lab.ts'
import { freePort, type Running, start } from './processes.ts'
import { agentEntry } from './stack.ts'
import { tool } from './tools.ts'
import { waitFor } from './wait.ts'

/** A hole in a file takes no room on the disk, and minutes to read; whoever cuts it off ends the reading. */
const holeBytes = 400e9

/** Held open: Kopia sweeps logs of such a size, while whoever reads one goes on. */
export async function makeEndlessLog(context: Cleanable, lab: Lab): Promise<FileHandle> {
  const folder = join(lab.kopia.logDirectory, 'cli-logs')
  await mkdir(folder, { recursive: true })
  const file = await open(join(folder, 'kopia-20260101-030000-4999999-snapshot-create.0.log'), 'w')
  cleanUpAfter(context, () => file.close())
  await file.truncate(holeBytes)
  return file
}

export type Starting = {
  readonly running: Running
  readonly readiness: () => Promise<readonly [number, string]>
}

/** Resolves once the agent is ready, whatever it still reads. */
export async function startReading(
  context: Cleanable,
  lab: Lab,
  settings: NodeJS.ProcessEnv = {},
): Promise<Starting> {
  const port = await freePort()
  const running = start('agent', process.execPath, [agentEntry, 'run', `--listen=127.0.0.1:${port}`], {
    environment: {
      ...lab.kopia.environment,
      KOPIA_METRICS_KOPIA_BIN: tool('kopia'),
      KOPIA_METRICS_STATE_DIR: lab.stateDirectory,
      KOPIA_METRICS_PUSHGATEWAY_URL: lab.gateway.url,
      ...settings,
    },
  })
  cleanUpAfter(context, () => running.stop())
  const readiness = async () => {
    const answer = await fetch(`http://127.0.0.1:${port}/-/ready`)
    return [answer.status, await answer.text()] as const
  }
  await waitFor('the agent is ready', async () => (await readiness())[0] === 200 || undefined)
  return { running, readiness }
}

/** What `readiness` says. */
export const readyAndReading = [
  200,
  'kopia-metrics-agent is ready, and still reads what happened before it started.\n',
]
export const upToDate = [200, 'kopia-metrics-agent is ready.\n']
