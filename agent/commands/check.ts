// check: examines everything that must work together, and prints one line for each part with what to do.

import { styleText } from 'node:util'
import { checkAgent, checkLogs, checkSpool } from '../check/files.ts'
import { type Finding, failure, ok } from '../check/finding.ts'
import { checkGateway, checkPrometheus, checkWithoutGateway } from '../check/gateway.ts'
import { checkImport } from '../check/import.ts'
import { checkKopia } from '../check/kopia.ts'
import { checkAnswers, checkLogging } from '../check/setup.ts'
import { kopiaOf } from '../daemon/kopia-client.ts'
import { emptyLedger } from '../ledger/ledger.ts'
import { lookAtLedger } from '../ledger/store.ts'
import type { GatewayOptions } from '../push/pushgateway.ts'
import { ConfigError } from '../settings/config-error.ts'
import type { Settings } from '../settings/settings.ts'
import type { Paint } from '../status/table.ts'
import { wrapped } from '../status/text-width.ts'
import { pluralWords, visible } from '../status/words.ts'
import { cronGaps } from '../util/cron-times.ts'

/** `origins` says in words where the settings come from. */
type LoadedSettings = { readonly settings: Settings; readonly origins: string }

/**
 * Prints each finding as soon as it is known; resolves with 1 if one is a failure. `load` rejects with a ConfigError if
 * a setting is wrong.
 */
export async function checkCommand(
  load: () => Promise<LoadedSettings>,
  output: NodeJS.WriteStream & { fd: 1 },
): Promise<0 | 1> {
  const paint: Paint = (colour, text) => styleText(colour, text, { stream: output })
  const columns = output.isTTY ? output.columns : undefined
  const counts = { ok: 0, warning: 0, failure: 0 }
  for await (const finding of findings(load)) {
    counts[finding.result] += 1
    output.write(findingText(finding, columns, paint))
  }
  const sum = [
    `${counts.ok} ok`,
    pluralWords(counts.warning, 'warning'),
    pluralWords(counts.failure, 'failure'),
  ].join(', ')
  output.write(`\n${sum}\n`)
  return counts.failure > 0 ? 1 : 0
}

async function* findings(load: () => Promise<LoadedSettings>): AsyncGenerator<Finding> {
  try {
    const { settings, origins } = await load()
    yield ok('configuration', origins)
    yield* checkAll(settings)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    yield failure('configuration', error.message, 'correct that setting; --help lists all settings')
  }
}

async function* checkAll(settings: Settings): AsyncGenerator<Finding> {
  const nowSeconds = () => Date.now() / 1000
  const kopia = kopiaOf(settings)
  const version = await checkKopia(kopia, settings.kopiaBinary)
  yield version
  const stored = await lookAtLedger(settings.stateDirectory)
  const ledger = stored.kind === 'loaded' ? stored.data : emptyLedger
  if (version.result !== 'failure') yield* checkAnswers({ settings, ledger }, kopia)
  const logs = await checkLogs(settings.cliLogs, nowSeconds())
  yield logs.finding
  yield* checkLogging({ settings, ledger }, logs.owner?.userId)
  yield await checkAgent(settings.stateDirectory, stored, nowSeconds())
  yield await checkSpool(settings.stateDirectory, logs.owner)
  yield* checkPushing(settings, nowSeconds())
}

async function* checkPushing(settings: Settings, now: number): AsyncGenerator<Finding> {
  if (settings.gateway === undefined) {
    yield checkWithoutGateway(settings.listen !== undefined || settings.textfile !== undefined)
    return
  }
  const options = { ...settings.gateway, instance: settings.instance }
  yield* checkTarget(settings, options, now)
  yield settings.prometheusUrl === undefined
    ? ok('Prometheus', 'not checked, since prometheus_url is empty')
    : await checkPrometheus(settings.prometheusUrl, options)
}

async function* checkTarget(
  { refreshSchedule, prometheusUrl }: Settings,
  options: GatewayOptions,
  now: number,
): AsyncGenerator<Finding> {
  switch (options.target.kind) {
    case 'pushgateway':
      yield await checkGateway(options, now)
      return
    case 'prometheus-import': {
      const heartbeatSeconds = cronGaps([refreshSchedule])?.longestSeconds
      yield* checkImport({ options, heartbeatSeconds, prometheusUrl, now })
    }
  }
}

const marks = {
  ok: { mark: '✓', colour: 'green' },
  warning: { mark: '!', colour: 'yellow' },
  failure: { mark: '✗', colour: 'red' },
} as const

const indent = 27

function findingText(finding: Finding, columns: number | undefined, paint: Paint): string {
  const { mark, colour } = marks[finding.result]
  const room = columns === undefined ? undefined : Math.max(20, columns - indent)
  const [first = '', ...rest] = wrapped(visible(finding.found), room)
  const advice = finding.result === 'ok' ? [] : wrapped(`→ ${finding.advice}`, room)
  const head = paint(colour, `${mark} ${finding.result}`.padEnd(11)) + finding.subject.padEnd(indent - 11)
  const lines = [head + first, ...[...rest, ...advice].map((line) => ' '.repeat(indent) + line)]
  return lines.map((line) => `${line}\n`).join('')
}
