// Joins the calls of hooks to runs. Hooks report a process by its pid; without a log (`--disable-file-logging`), they
// alone make a run.

import { isOfSettled } from './attempts.ts'
import { type HookCall, newRun, type OpenRun, type Runs, startOf, withSignOfLife } from './run.ts'

/** Kopia opens its log a moment before its first hook, and closes it a moment after its last. */
const slackSeconds = 1

const idPrefix = 'hooks-'

type NamedRun = { readonly runId: string; readonly run: OpenRun }

/** Whether the run is known only by calls of hooks. */
export function isHookRun(runId: string): boolean {
  return runId.startsWith(idPrefix)
}

/** The run that a call belongs to, with the call added; undefined if the call reports what is counted already. */
export function withHookCall(runs: Runs, call: HookCall, nowSeconds: number): NamedRun | undefined {
  for (const [runId, run] of runs) {
    if (run.processId !== call.processId) continue
    if (run.state === 'open') {
      return isOfSettled(run, call) ? undefined : { runId, run: addCall(run, call, nowSeconds) }
    }
    if (call.at >= startOf(run) - slackSeconds && call.at <= run.endedAt + slackSeconds) return undefined
  }
  const runId = `${idPrefix}${call.processId}-${call.callId}`
  if (runs.has(runId)) return undefined
  return { runId, run: addCall(newRun(call.processId, 'snapshot-create'), call, nowSeconds) }
}

function addCall(run: OpenRun, call: HookCall, nowSeconds: number): OpenRun {
  return withSignOfLife({ ...run, hookCalls: [...run.hookCalls, call] }, call.at, nowSeconds)
}

/** The open run of a process whose hooks were seen before its log. */
export function findHookRun(runs: Runs, processId: number): NamedRun | undefined {
  for (const [runId, run] of runs) {
    if (isHookRun(runId) && run.state === 'open' && run.processId === processId) return { runId, run }
  }
  return undefined
}
