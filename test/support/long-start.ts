// Starts an agent whose logs take as long to read as the test wants.

import { type FileHandle, mkdir, open } from 'node:fs/promises'
import { join } from 'node:path'
import { type Cleanable, cleanUpAfter } from './cleanup.ts'
import type { Lab } from './lab.ts'
import type { Running } from './processes.ts'
import { hasSucceeded, startAgent } from './stack.ts'

/** A hole in a file takes no disk space, but minutes to read. Truncating the file ends the reading. */
const holeBytes = 400e9

/** Creates the log, and keeps it open, because Kopia deletes logs of such a size while the agent reads them. */
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
  readonly readiness: () => Promise<readonly [status: number, text: string]>
}

/** Resolves when the agent is ready, even if it still reads old logs. */
export async function startReading(
  context: Cleanable,
  { stateDirectory, kopia, gateway }: Lab,
  settings: NodeJS.ProcessEnv = {},
): Promise<Starting> {
  const running = await startAgent(
    { stateDirectory, kopiaEnvironment: kopia.environment },
    { KOPIA_METRICS_PUSHGATEWAY_URL: gateway.url, ...settings },
    undefined,
    hasSucceeded,
  )
  cleanUpAfter(context, () => running.stop())
  const readiness = async () => {
    const answer = await fetch(`${running.url}/-/ready`)
    return [answer.status, await answer.text()] as const
  }
  return { running, readiness }
}

/** The answers of `readiness`. */
export const readyAndReading = [
  200,
  'kopia-metrics-agent is ready, and still reads what happened before it started.\n',
]
export const upToDate = [200, 'kopia-metrics-agent is ready.\n']
