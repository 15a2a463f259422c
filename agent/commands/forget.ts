// forget: deletes this agent's group from the gateway, which otherwise holds the last push for ever, or from a store.

import { setTimeout as sleep } from 'node:timers/promises'
import { lockHolder } from '../ledger/lock.ts'
import { findGroup, formatLabels, type GroupResult, groupLabels } from '../push/group.ts'
import { deleteGroup, type GatewayOptions, groupUrl } from '../push/pushgateway.ts'
import type { Settings } from '../settings/settings.ts'
import { agoWords, countWords, pluralWords } from '../status/words.ts'
import { forgetSeries, type Outcome } from './forget-import.ts'

type Print = (line: string) => void

/**
 * Deletes the group that `settings` name and prints what it held. `own` are the settings without the flags of this
 * command: if they name another group, a running agent does not push the one to delete. Resolves with the exit code.
 */
export async function forgetCommand(
  settings: Settings,
  own: Settings,
  print: Print,
  printError: Print,
): Promise<0 | 1> {
  const options = gatewayOptionsOf(settings)
  if (options === undefined) {
    printError('forget: there is no gateway to delete from, since pushgateway_url is empty')
    return 1
  }
  const holder = await lockHolder(settings.stateDirectory).catch((error: unknown) => String(error))
  const refusal = refusalText(settings.stateDirectory, holder, isSameGroup(options, gatewayOptionsOf(own)))
  if (refusal !== undefined) {
    printError(`forget: ${refusal}`)
    return 1
  }
  const { kind, text } = await forget(options, settings.prometheusUrl)
  if (kind === 'failed') {
    printError(`forget: ${text}`)
    return 1
  }
  print(text)
  if (kind === 'deleted' && holder !== undefined) {
    print(`An agent with pid ${holder} runs here. If it pushes this group, its next push creates it again.`)
  }
  return 0
}

function forget(options: GatewayOptions, prometheusUrl: string | undefined): Promise<Outcome> {
  const { target } = options
  switch (target.kind) {
    case 'pushgateway':
      return forgetGroup(options)
    case 'prometheus-import':
      return forgetSeries(options, target.store, prometheusUrl, async (ms) => void (await sleep(ms)))
  }
}

async function forgetGroup(options: GatewayOptions): Promise<Outcome> {
  const before = await findGroup(options)
  if (before.kind === 'absent') return { kind: 'nothing to delete', text: absentText(options, before) }
  const result = await deleteGroup(options)
  if (result.ok) return { kind: 'deleted', text: deletedText(options, before) }
  const name = formatLabels(groupLabels(options))
  return { kind: 'failed', text: `${options.url} did not delete ${name}: ${result.reason}` }
}

function gatewayOptionsOf({ gateway, instance }: Settings): GatewayOptions | undefined {
  return gateway && { ...gateway, instance }
}

function isSameGroup(one: GatewayOptions, other: GatewayOptions | undefined): boolean {
  return other !== undefined && groupUrl(one) === groupUrl(other)
}

/** `holder` is the process id of a running agent, or the error that hides it. */
function refusalText(
  stateDirectory: string,
  holder: number | string | undefined,
  isOwnGroup: boolean,
): string | undefined {
  if (typeof holder === 'string') {
    return `can't see whether an agent runs (${holder}): run this command as the agent's user`
  }
  if (holder === undefined || !isOwnGroup) return undefined
  return (
    `an agent with pid ${holder} runs on ${stateDirectory}: stop it first, or its next push creates the group ` +
    "again. To delete another machine's group, name it with --instance."
  )
}

function deletedText(options: GatewayOptions, before: GroupResult): string {
  const deleted = `Deleted ${formatLabels(groupLabels(options))} from ${options.url}`
  // A gateway may allow writing without reading.
  if (before.kind !== 'found') return `${deleted}; what it held could not be read.`
  const { series, sources, lastPushAt } = before.group
  const held = `${countWords(series)} series of ${pluralWords(sources, 'source')}`
  return `${deleted}: ${held}, last pushed ${agoWords(lastPushAt, Date.now() / 1000)}.`
}

function absentText(options: GatewayOptions, { ofSameJob }: GroupResult & { kind: 'absent' }): string {
  const groups = ofSameJob.slice(0, 20).map((labels) => `\n  ${formatLabels(labels)}`)
  const others = groups.length === 0 ? '' : ` Of this job it holds:${groups.join('')}`
  return `Nothing to delete: ${options.url} holds no group ${formatLabels(groupLabels(options))}.${others}`
}
