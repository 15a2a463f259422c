// forget: takes this agent's group from the gateway, which keeps what was pushed for ever otherwise.

import { lockHolder } from '../ledger/lock.ts'
import { findGroup, formatLabels, type GroupAnswer, groupLabels } from '../push/group.ts'
import { deleteGroup, type GatewayOptions, groupUrl } from '../push/pushgateway.ts'
import type { Settings } from '../settings/settings.ts'
import { agoWords, countWords, pluralWords } from '../status/words.ts'

type Print = (line: string) => void

/**
 * Deletes the group that `settings` name, and says what it held. `own` are the settings without the flags of this command:
 * where they name another group, a running agent does not push the one that is to go. Resolves with the exit code.
 */
export async function forget(
  settings: Settings,
  own: Settings,
  print: Print,
  printError: Print,
): Promise<0 | 1> {
  const options = gatewayOptionsOf(settings)
  if (options === undefined) {
    printError('forget: there is no gateway to forget it, since pushgateway_url is empty')
    return 1
  }
  const holder = await lockHolder(settings.stateDirectory).catch((error: unknown) => String(error))
  if (typeof holder === 'string') {
    printError(
      `forget: whether an agent runs can't be seen (${holder}): run it as the user that the agent runs as`,
    )
    return 1
  }
  const ownOptions = gatewayOptionsOf(own)
  const isOwn = ownOptions !== undefined && groupUrl(ownOptions) === groupUrl(options)
  if (holder !== undefined && isOwn) {
    printError(
      `forget: an agent with pid ${holder} runs on ${settings.stateDirectory}, and its next push would bring the group ` +
        "back: stop it first. Another machine's group is named by --instance.",
    )
    return 1
  }
  const before = await findGroup(options)
  if (before.kind === 'absent') {
    print(absentText(options, before))
    return 0
  }
  const result = await deleteGroup(options)
  if (!result.ok) {
    printError(
      `forget: ${options.url} did not delete ${formatLabels(groupLabels(options))}: ${result.reason}`,
    )
    return 1
  }
  print(deletedText(options, before))
  if (holder !== undefined) {
    print(
      `An agent with pid ${holder} runs here: should it push this very group, its next push brings it back.`,
    )
  }
  return 0
}

function gatewayOptionsOf({ gateway, instance }: Settings): GatewayOptions | undefined {
  return gateway && { ...gateway, instance }
}

function deletedText(options: GatewayOptions, before: GroupAnswer): string {
  const deleted = `Deleted ${formatLabels(groupLabels(options))} from ${options.url}`
  // Some gateways let writers write and not read.
  if (before.kind !== 'found') return `${deleted}; what it held could not be read.`
  const { series, sources, lastPushAt } = before.group
  const held = `${countWords(series)} series of ${pluralWords(sources, 'source')}`
  return `${deleted}: ${held}, last pushed ${agoWords(lastPushAt, Date.now() / 1000)}.`
}

function absentText(options: GatewayOptions, { ofSameJob }: GroupAnswer & { kind: 'absent' }): string {
  const there = ofSameJob.slice(0, 20).map((labels) => `\n  ${formatLabels(labels)}`)
  const others = there.length === 0 ? '' : ` Of this job it holds:${there.join('')}`
  return `Nothing to delete: ${options.url} holds no group ${formatLabels(groupLabels(options))}.${others}`
}
