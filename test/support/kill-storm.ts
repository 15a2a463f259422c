// Takes backups of every kind while the agent is killed again and again, and returns the expected and the counted attempts.

import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { cleanUpAfter } from './cleanup.ts'
import { breakAction, createLab, figuresAfter, installHooks, type Lab } from './lab.ts'
import { start } from './processes.ts'
import { agentEntry } from './stack.ts'
import { tool } from './tools.ts'

export type Storm = { readonly backups: number; readonly random: () => number }

/** Attempts by source, then by status. */
type Attempts = Readonly<Record<'good' | 'bad', Readonly<Record<string, number>>>>

export type Survived = {
  readonly kills: number
  readonly expected: Attempts
  readonly counted: Attempts
}

/** Kills happen between the first moment of a start and a time well after the agent is ready. */
const longestLifeMs = 2500

const kindsOfLog = [[], ['--json'], ['--json-log-file'], ['--disable-file-logging']] as const

/** Takes the backups one after the other, then starts a last agent and reads its counters. */
export async function surviveKills(
  context: TestContext,
  { backups, random }: Storm,
  disturb: (lab: Lab, stop: AbortSignal, random: () => number) => Promise<number> = killAgain,
): Promise<Survived> {
  const lab = await createLab(context)
  const [good, bad] = [await lab.makeSource('good'), await lab.makeSource('bad')]
  await installHooks(lab.kopia, good)
  await breakAction(lab, bad)
  // An agent that has once seen a Kopia process knows that it can see pids, and need not wait for a long silence of a log.
  const first = await lab.startAgent()
  await lab.kopia.must('snapshot', 'create', good)
  await figuresAfter(lab.gateway, good, 1)
  await first.stop()
  const stop = new AbortController()
  cleanUpAfter(context, () => stop.abort())
  const disturbing = disturb(lab, stop.signal, random)
  const failed = await backUpMany(lab, good, bad, backups)
  stop.abort()
  const kills = await disturbing
  await lab.startAgent()
  const success = 1 + backups - failed
  const none = { success: 0, failed: 0, incomplete: 0 }
  return {
    kills,
    expected: { good: { ...none, success }, bad: { ...none, failed } },
    counted: {
      good: (await figuresAfter(lab.gateway, good, success)).attempts,
      bad: (await figuresAfter(lab.gateway, bad, failed)).attempts,
    },
  }
}

/** Takes the backups, every fifth of which fails, and resolves with the number of failures. */
async function backUpMany(lab: Lab, good: string, bad: string, backups: number): Promise<number> {
  let failed = 0
  for (let index = 0; index < backups; index += 1) {
    if (index % 5 === 4) {
      failed += 1
      await lab.kopia.run('snapshot', 'create', bad)
    } else {
      await writeFile(join(good, 'file'), `${index}`)
      await lab.kopia.must('snapshot', 'create', ...(kindsOfLog[index % kindsOfLog.length] ?? []), good)
    }
  }
  return failed
}

/** Starts and kills the agent until `stop` is aborted, and resolves with the number of kills. */
async function killAgain(lab: Lab, stop: AbortSignal, random: () => number): Promise<number> {
  const environment = {
    ...lab.kopia.environment,
    KOPIA_METRICS_KOPIA_BIN: tool('kopia'),
    KOPIA_METRICS_STATE_DIR: lab.stateDirectory,
    KOPIA_METRICS_PUSHGATEWAY_URL: lab.gateway.url,
    KOPIA_METRICS_LISTEN: '',
  }
  let kills = 0
  while (!stop.aborted) {
    const agent = start('agent', process.execPath, [agentEntry, 'run'], { environment })
    await sleep(random() * longestLifeMs)
    await agent.stop('SIGKILL')
    kills += 1
  }
  return kills
}

/** Runs no agent at all. */
export const stayDown = async (): Promise<number> => 0
