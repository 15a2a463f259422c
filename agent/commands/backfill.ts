// backfill: the history that is still known, as a file that promtool turns into Prometheus's own blocks.

import { progress } from '@clack/prompts'
import { readHistory, type SourceHistory } from '../backfill/history.ts'
import { type Backfill, extentOf } from '../backfill/openmetrics.ts'
import { timelineOf } from '../backfill/timeline.ts'
import { type Target, writeBackfill } from '../backfill/write.ts'
import { kopiaOf } from '../daemon/kopia-client.ts'
import { lookAtLedger } from '../ledger/store.ts'
import { createSourceFilter, isInScope } from '../reconcile/source-filter.ts'
import type { Settings } from '../settings/settings.ts'
import { bytesWords, countWords, durationWords, pluralWords, visible } from '../status/words.ts'

export type BackfillOutput = {
  /** Where `-` writes to. */
  readonly data: NodeJS.WriteStream & { fd: 1 }
  /** Where all that is said goes. */
  readonly talk: NodeJS.WriteStream & { fd: 2 }
}

/** Writes the history to `file`; resolves with 1, having said why, where that can't be done. */
export async function makeBackfill(settings: Settings, file: string, output: BackfillOutput): Promise<0 | 1> {
  const print = (line: string) => void output.talk.write(`${line}\n`)
  const nowSeconds = () => Date.now() / 1000
  const begin = nowSeconds()
  print(`Reading the repository's snapshots, and the logs in ${settings.cliLogs} …`)
  const history = await readHistoryOf(settings, nowSeconds, print)
  if (!history.ok) {
    print(`${history.command}: ${history.reason}`)
    return 1
  }
  const until = await untilOf(settings, begin)
  const backfill = backfillOf(settings, history.sources, begin, until)
  const extent = extentOf(backfill)
  if (extent.samples === 0) {
    print(`There is nothing from before ${dateOf(until)} to write.`)
    return 1
  }
  sayBeforehand(settings, history.sources, until, extent, print)
  const target: Target = file === '-' ? { kind: 'output', stream: output.data } : { kind: 'file', path: file }
  const meter = createMeter(output.talk, extent.samples)
  try {
    await writeBackfill(backfill, target, meter.advance)
  } catch (error) {
    meter.fail(`${file} can't be written: ${error instanceof Error ? error.message : error}`)
    return 1
  }
  meter.finish(`Written in ${durationWords(nowSeconds() - begin)}.`)
  sayNext(file, print)
  return 0
}

function readHistoryOf(settings: Settings, nowSeconds: () => number, print: (line: string) => void) {
  const passesFilter = createSourceFilter(settings.sources)
  return readHistory({
    kopia: kopiaOf(settings),
    cliLogs: settings.cliLogs,
    isWanted: (source, identity) => isInScope(settings.scope, identity, source) && passesFilter(source),
    nowSeconds,
    onFault: (fileName, error) => print(`Kopia's log ${fileName} can't be read: ${error}`),
  })
}

/** From when on the live series tell: two that tell of the same time would make counters fall, and rise again. */
async function untilOf(settings: Settings, now: number): Promise<number> {
  if (settings.backfill.until !== undefined) return Math.min(settings.backfill.until, now)
  const seen = await lookAtLedger(settings.stateDirectory)
  return (seen.kind === 'loaded' ? seen.data.begunAt : undefined) ?? now
}

function backfillOf(
  { backfill, groupLabels }: Settings,
  sources: readonly SourceHistory[],
  now: number,
  until: number,
): Backfill {
  const { recentPeriodSeconds, recentSpacingSeconds, olderSpacingSeconds } = backfill
  return {
    timelines: sources.map((history) => ({ source: history.source, standings: timelineOf(history) })),
    labels: groupLabels,
    grid: {
      until,
      recentFrom: now - recentPeriodSeconds,
      recentSpacing: recentSpacingSeconds,
      olderSpacing: olderSpacingSeconds,
    },
  }
}

function sayBeforehand(
  { backfill }: Settings,
  sources: readonly SourceHistory[],
  until: number,
  extent: { readonly samples: number; readonly bytes: number },
  print: (line: string) => void,
): void {
  const attempts = sources.reduce((sum, source) => sum + source.attempts.length, 0)
  const first = Math.min(...sources.map((source) => source.attempts[0]?.endedAt ?? until))
  print(
    `${pluralWords(attempts, 'attempt')} of ${pluralWords(sources.length, 'source')}, from ${dateOf(first)} until ` +
      `${dateOf(until)}, when the agent's own figures begin. Snapshots that were deleted can't come back, and ` +
      'failed attempts only as far as the logs reach.',
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

function sayNext(file: string, print: (line: string) => void): void {
  const name = file === '-' ? 'FILE' : file
  print(`
Next, where Prometheus has its data, as its user (a block of 20 days at a time makes it quick):

  promtool tsdb create-blocks-from openmetrics --max-block-duration=744h ${shellWord(name)} /var/lib/prometheus

Prometheus finds the blocks within two minutes. It deletes what is older than --storage.tsdb.retention.time (15 days, if
you have set none): set that first. Before version 2.39 it also needs --storage.tsdb.allow-overlapping-blocks.`)
}

type Meter = {
  readonly advance: (samples: number) => void
  readonly finish: (message: string) => void
  readonly fail: (message: string) => void
}

/** A bar in a terminal, a line per tenth elsewhere. */
function createMeter(talk: BackfillOutput['talk'], total: number): Meter {
  if (talk.isTTY) {
    const bar = progress({ max: total, size: 30, style: 'block', output: talk })
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
      if (tenth > before) talk.write(`${tenth * 10} %: ${countWords(done)} samples\n`)
    },
    finish: (message) => void talk.write(`${message}\n`),
    fail: (message) => void talk.write(`${message}\n`),
  }
}

function dateOf(at: number): string {
  return new Date(at * 1000).toISOString().slice(0, 16).replace('T', ' ').concat(' UTC')
}

/** For a POSIX shell, quoted where that is needed. */
function shellWord(text: string): string {
  return /^[\w./@%+=:,-]+$/.test(text) ? text : `'${visible(text).replaceAll("'", "'\\''")}'`
}
