// Finds out whether another agent pushes the group that a new agent would push: each push replaces the other's figures.

import { join } from 'node:path'
import { longestSilenceSeconds, usualHeartbeatSeconds } from '../limits/silence.ts'
import { findGroup, formatLabels, groupLabels } from '../push/group.ts'
import type { GatewayOptions } from '../push/pushgateway.ts'
import { agoWords, durationWords } from '../status/words.ts'
import type { Files } from './files.ts'
import type { PlannedAgent } from './plan-types.ts'

/** As long as its silence alone is no fault. The timer pushes every quarter of an hour. */
const freshSeconds = longestSilenceSeconds(usualHeartbeatSeconds)

/**
 * The problem in words; undefined where the group is free, or was this machine's own. `options` are those of the agent. An agent that has a
 * configuration but no ledger has never run here. `now` is in Unix seconds.
 */
export async function groupInUse(
  { name, stateFolder }: Pick<PlannedAgent, 'name' | 'stateFolder'>,
  options: GatewayOptions,
  files: Files,
  now: number,
): Promise<string | undefined> {
  if (options.target.kind !== 'pushgateway') return undefined
  if ((await files.ownerOf(join(stateFolder, 'ledger.json'))) !== undefined) return undefined
  const result = await findGroup(options)
  if (result.kind !== 'found' || now - result.group.lastPushAt > freshSeconds) return undefined
  const apart = name === undefined ? '--grouping=agent=NAME and --listen= (empty)' : '--name=NAME'
  return (
    `${options.url}: another agent pushes ${formatLabels(groupLabels(options))}, ${agoWords(result.group.lastPushAt, now)} the last time, and ` +
    `each push replaces the whole group: set --instance=NAME if that is a machine of the same name, ${apart} ` +
    `if it is an agent of this one; if it is gone, wait ${durationWords(freshSeconds)}, or delete the group from the gateway`
  )
}
