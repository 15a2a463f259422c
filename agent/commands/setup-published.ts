// Finds out whether what an agent publishes arrives: a unit that runs can be refused by the gateway with each push.

import { stat } from 'node:fs/promises'
import { setTimeout } from 'node:timers/promises'
import { lookAtLedger } from '../ledger/store.ts'
import { findGroup } from '../push/group.ts'
import { parseDurationMs } from '../settings/formats.ts'
import { loadSettings } from '../settings/load.ts'
import type { Settings } from '../settings/settings.ts'
import type { Machine } from '../setup/facts.ts'
import { machineFiles } from '../setup/files.ts'
import type { PlannedAgent } from '../setup/plan-types.ts'
import { unitVariables } from '../setup/run-agent.ts'
import { timerUnit } from '../setup/units.ts'
import { secretVariables } from './setup-gateway.ts'

/** The settings of an agent as its unit loads them; one without a unit runs in an environment such as this one. */
export async function settingsOfPlanned(agent: PlannedAgent, machine: Machine): Promise<Settings> {
  const isRunFromHere = agent.unit === undefined && agent.user.userId === machine.self.userId
  const variables = {
    ...(isRunFromHere && process.env),
    ...(await unitVariables(agent, machineFiles)),
    ...(await secretVariables(agent, agent.unit, machine)),
  }
  const config = agent.format === 'yaml' ? agent.file : undefined
  const { userId, home } = agent.user
  return loadSettings({ config }, variables, { platform: machine.platform, userId, home })
}

/** `at` changes with each push and is undefined before the first; an unknown place can't be asked. */
export type Published =
  | { readonly kind: 'known'; readonly place: string; readonly at: number | undefined }
  | { readonly kind: 'unknown' }

/** What the agent published last, where that can be seen. */
export async function publishedBy(agent: PlannedAgent, machine: Machine): Promise<Published> {
  const { gateway, instance, textfile } = await settingsOfPlanned(agent, machine)
  if (gateway?.target.kind === 'pushgateway') {
    const result = await findGroup({ ...gateway, instance })
    const at = result.kind === 'found' ? result.group.lastPushAt : undefined
    return { kind: 'known', place: gateway.url, at }
  }
  if (gateway !== undefined) return { kind: 'unknown' }
  if (textfile !== undefined) {
    const at = (await stat(textfile).catch(() => undefined))?.mtimeMs
    return { kind: 'known', place: textfile, at }
  }
  // What the timer starts does not listen.
  return agent.unit === timerUnit
    ? { kind: 'known', place: 'any gateway or textfile', at: undefined }
    : { kind: 'unknown' }
}

/** How long an agent that was just started may take until its metrics are there: it reads the logs of the past first. */
const longestWaitMs = parseDurationMs('30s')

/** Waits for something newer than `before`, 30 s at most. Resolves with the place where nothing arrived; undefined if all is well. */
export async function placeWithoutPush(
  agent: PlannedAgent,
  machine: Machine,
  before: Published | undefined,
): Promise<string | undefined> {
  const end = Date.now() + (before === undefined ? 0 : longestWaitMs)
  const earlier = before?.kind === 'known' ? before.at : undefined
  for (;;) {
    const published = await publishedBy(agent, machine)
    if (published.kind === 'unknown') return undefined
    const { at, place } = published
    if (at !== undefined && at !== earlier) return undefined
    if (Date.now() >= end) return place
    await setTimeout(500)
  }
}

/** Whether an agent that runs since `startedAt` (Unix seconds) still reads what happened before: it publishes after that. */
export async function isReadingPast(
  agent: PlannedAgent,
  machine: Machine,
  startedAt: number,
): Promise<boolean> {
  const { stateDirectory } = await settingsOfPlanned(agent, machine)
  const seen = await lookAtLedger(stateDirectory)
  return seen.kind === 'loaded' && (seen.data.upToDateAt === undefined || seen.data.upToDateAt < startedAt)
}
