// backfill: writes the known history as a file that promtool turns into blocks of Prometheus.

import { progress } from '@clack/prompts'
import { readHistory, type SourceHistory } from '../backfill/history.ts'
import { type Backfill, type Extent, extentOf } from '../backfill/openmetrics.ts'
import { statesOf } from '../backfill/states.ts'
import { type Target, writeBackfill } from '../backfill/write.ts'
import { kopiaOf } from '../daemon/kopia-client.ts'
import { createSourceTest } from '../kopia/source-patterns.ts'
import { lookAtLedger, type SeenLedger } from '../ledger/store.ts'
import { isInScope } from '../reconcile/source-filter.ts'
import type { Settings } from '../settings/settings.ts'
import { bytesWords, countWords, durationWords, pluralWords } from '../status/words.ts'
import { messageOf } from '../util/error-text.ts'
import { shellWord } from '../util/shell-word.ts'

type Output = {
  /** For the history itself, if the file is `-`. */
  readonly data: NodeJS.WriteStream & { fd: 1 }
  /** For messages and the progress. */
  readonly messages: NodeJS.WriteStream & { fd: 2 }
}

type Print = (line: string) => void

/** Writes the history to `file`; resolves with 1 if that is impossible, after a message that says why. */
export async function backfillCommand(settings: Settings, file: string, output: Output): Promise<0 | 1> {
  const print = (line: string) => void output.messages.write(`${line}\n`)
  const nowSeconds = () => Date.now() / 1000
  const begin = nowSeconds()
  const stored = await lookAtLedger(settings.stateDirectory)
  if (stored.kind === 'unreadable' && stored.cause === 'newer version') {
    print(`The ledger in ${settings.stateDirectory} can't be read: ${stored.reason}`)
    return 1
  }
  print(`Reading the repository's snapshots, and the logs in ${settings.cliLogs} …`)
  const history = await readHistoryOf(settings, nowSeconds, print)
  if (!history.ok) {
    print(`${history.command}: ${history.reason}`)
    return 1
  }
  const until = untilOf(settings, stored, begin)
  const backfill = backfillOf(settings, history.sources, begin, until)
  const extent = extentOf(backfill)
  if (extent.samples === 0) {
    print(`There is no history from before ${dateOf(until)} to write.`)
    return 1
  }
  printExtent(settings, history.sources, until, extent, print)
  const target: Target = file === '-' ? { kind: 'output', stream: output.data } : { kind: 'file', path: file }
  const meter = createMeter(output.messages, extent.samples)
  try {
    await writeBackfill(backfill, target, meter.advance)
  } catch (error) {
    meter.fail(`${file} can't be written: ${messageOf(error)}`)
    return 1
  }
  meter.finish(`Written in ${durationWords(nowSeconds() - begin)}.`)
  printNextSteps(file, print)
  return 0
}

function readHistoryOf(settings: Settings, nowSeconds: () => number, print: Print) {
  const passesFilter = createSourceTest(settings.sources)
  return readHistory({
    kopia: kopiaOf(settings),
    cliLogs: settings.cliLogs,
    configurationPath: settings.resolvedKopiaConfigPath,
    isWanted: (source, identity) => isInScope(settings.scope, identity, source) && passesFilter(source),
    nowSeconds,
    onFault: (fileName, error) => print(`Kopia's log ${fileName} can't be read: ${error}`),
  })
}

/** The time at which the live series begin: counters that overlap them would fall and rise again. */
function untilOf({ backfill }: Settings, stored: SeenLedger, now: number): number {
  if (backfill.until !== undefined) return Math.min(backfill.until, now)
  return (stored.kind === 'loaded' ? stored.data.begunAt : undefined) ?? now
}

function backfillOf(
  { backfill, groupLabels }: Settings,
  sources: readonly SourceHistory[],
  now: number,
  until: number,
): Backfill {
  const { recentPeriodSeconds, recentSpacingSeconds, olderSpacingSeconds } = backfill
  return {
    sources: sources.map((history) => ({ source: history.source, states: statesOf(history) })),
    labels: groupLabels,
    grid: {
      until,
      recentFrom: now - recentPeriodSeconds,
      recentSpacing: recentSpacingSeconds,
      olderSpacing: olderSpacingSeconds,
    },
  }
}

function printExtent(
  { backfill }: Settings,
  sources: readonly SourceHistory[],
  until: number,
  extent: Extent,
  print: Print,
): void {
  const attempts = sources.reduce((sum, source) => sum + source.attempts.length, 0)
  const first = Math.min(...sources.map((source) => source.attempts[0]?.endedAt ?? until))
  print(
    `${pluralWords(attempts, 'attempt')} of ${pluralWords(sources.length, 'source')}, from ${dateOf(first)} until ` +
      `${dateOf(until)}, when the agent's own metrics begin. Deleted snapshots can't be restored, and failed ` +
      'attempts are known only as far back as the logs reach.',
  )
  const [recent, older, period] = [
    backfill.recentSpacingSeconds,
    backfill.olderSpacingSeconds,
    backfill.recentPeriodSeconds,
  ].map(durationWords)
  print(
    `That makes ${countWords(extent.samples)} samples in ${bytesWords(extent.bytes)}: one every ${recent} in the last ` +
      `${period}, one every ${older} before.`,
  )
}

function printNextSteps(file: string, print: Print): void {
  const name = file === '-' ? 'FILE' : file
  print(`
Next, run this where Prometheus has its data, as its user (blocks of up to 20 days make it fast):

  promtool tsdb create-blocks-from openmetrics --max-block-duration=744h ${shellWord(name)} /var/lib/prometheus

Prometheus finds the blocks within two minutes. It deletes data older than --storage.tsdb.retention.time (15 days by
default): raise that first. Before version 2.39 it also needs --storage.tsdb.allow-overlapping-blocks.`)
}

type Meter = {
  readonly advance: (samples: number) => void
  readonly finish: (message: string) => void
  readonly fail: (message: string) => void
}

/** Shows a progress bar in a terminal, and prints a line per 10 % elsewhere. */
function createMeter(output: Output['messages'], total: number): Meter {
  if (output.isTTY) {
    const bar = progress({ max: total, size: 30, style: 'block', output })
    bar.start('writing')
    return {
      advance: (samples) => bar.advance(samples),
      finish: (message) => bar.stop(message),
      fail: (message) => bar.error(message),
    }
  }
  let done = 0
  return {
    advance: (samples) => {
      const before = Math.floor((done / total) * 10)
      done += samples
      const tenth = Math.floor((done / total) * 10)
      if (tenth > before) output.write(`${tenth * 10} %: ${countWords(done)} samples\n`)
    },
    finish: (message) => void output.write(`${message}\n`),
    fail: (message) => void output.write(`${message}\n`),
  }
}

function dateOf(at: number): string {
  return new Date(at * 1000).toISOString().slice(0, 16).replace('T', ' ').concat(' UTC')
}
