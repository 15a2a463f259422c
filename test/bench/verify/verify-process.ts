// The built agent's command `verify` as a process, and what it takes.

import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Running, start } from '../../support/processes.ts'
import { builtAgent, processIdOf } from '../agent.ts'
import { cpuSeconds, cpuSecondsWithChildren, peakMebibytesIfAny } from '../measure.ts'

/** Starts `verify`. The caller waits for its end. */
export async function startVerify(
  environment: NodeJS.ProcessEnv,
  parameters: readonly string[],
): Promise<Running> {
  const [node, entry] = await builtAgent()
  return start('verify', node, [entry, 'verify', ...parameters], { environment })
}

export type VerifyFigures = {
  readonly seconds: number
  readonly cpuSeconds: number
  /** Of the agent without Kopia. */
  readonly agentCpuSeconds: number
  readonly agentMebibytes: number
  readonly kopiaMebibytes: number
}

const lookEveryMs = 20

/** Runs `verify` to its end, which must be a proof. */
export async function measureVerify(
  environment: NodeJS.ProcessEnv,
  parameters: readonly string[],
): Promise<VerifyFigures> {
  const [begin, cpuBefore] = [performance.now(), cpuOfChildren()]
  const verifying = await startVerify(environment, parameters)
  const processId = processIdOf(verifying)
  let hasEnded = false
  const ended = verifying.ended.then((code) => {
    hasEnded = true
    return code
  })
  const peaks = { agent: 0, kopia: 0, cpu: 0 }
  while (!hasEnded) {
    peaks.agent = Math.max(peaks.agent, peakMebibytesIfAny(processId))
    peaks.cpu = Math.max(peaks.cpu, cpuSecondsIfAny(processId))
    for (const child of childrenOf(processId)) peaks.kopia = Math.max(peaks.kopia, peakMebibytesIfAny(child))
    await Promise.race([ended, sleep(lookEveryMs)])
  }
  const code = await ended
  if (code !== 0) throw new Error(`verify ended with ${code}: ${verifying.output()}`)
  return {
    seconds: (performance.now() - begin) / 1000,
    cpuSeconds: cpuOfChildren() - cpuBefore,
    agentCpuSeconds: peaks.cpu,
    agentMebibytes: peaks.agent,
    kopiaMebibytes: peaks.kopia,
  }
}

/** Of the ended children of this process and theirs: what this process itself has used is no part of it. */
function cpuOfChildren(): number {
  const { user, system } = process.cpuUsage()
  return cpuSecondsWithChildren(process.pid) - (user + system) / 1e6
}

function cpuSecondsIfAny(processId: number): number {
  try {
    return cpuSeconds(processId)
  } catch {
    return 0
  }
}

/** proc_pid_task_children(5); none of a process that has ended. */
function childrenOf(processId: number): readonly number[] {
  try {
    return readdirSync(`/proc/${processId}/task`).flatMap((thread) =>
      readFileSync(`/proc/${processId}/task/${thread}/children`, 'utf8')
        .split(' ')
        .filter(Boolean)
        .map(Number),
    )
  } catch {
    return []
  }
}
