// Turns past states into OpenMetrics text: metric by metric, series by series, each in time order, as OpenMetrics 1.0
// requires ("Overall Structure"). The text comes in chunks, so that memory use does not grow with the history.

import { type Outcome, outcomes } from '../kopia/runs/outcome-kinds.ts'
import type { Source } from '../kopia/source.ts'
import { definitions, type MetricName } from '../metrics/definitions.ts'
import { type Grid, type Stretch, stretchesOf } from './grid.ts'
import type { PastState } from './states.ts'

export type Backfill = {
  readonly sources: readonly { readonly source: Source; readonly states: readonly PastState[] }[]
  /** The labels of the group, which every live series has too. */
  readonly labels: Readonly<Record<string, string>>
  readonly grid: Grid
}

type Series = {
  readonly metric: MetricName
  readonly labels: Readonly<Record<string, string>>
  readonly value: (state: PastState) => number | undefined
}

const seriesOfSource: readonly Series[] = [
  { metric: 'kopia_backup_status', labels: {}, value: ({ outcome }) => (outcome === 'success' ? 1 : 0) },
  ...outcomes.map((status) => ofStatus('kopia_backup_duration_seconds', status, durationAs)),
  { metric: 'kopia_backup_size_bytes', labels: {}, value: ({ sizeBytes }) => sizeBytes },
  { metric: 'kopia_backup_files', labels: {}, value: ({ files }) => files },
  { metric: 'kopia_snapshot_count', labels: { type: 'all' }, value: ({ snapshots }) => snapshots },
  ...outcomes.map((status) =>
    ofStatus('kopia_backup_attempts_total', status, ({ attempts }) => attempts[status]),
  ),
]

function ofStatus(
  metric: MetricName,
  status: Outcome,
  value: (state: PastState, status: Outcome) => number | undefined,
): Series {
  return { metric, labels: { status }, value: (state) => value(state, status) }
}

/** The duration's series has the outcome as a label, so only one of the three series has a value at a time. */
function durationAs({ outcome, durationSeconds }: PastState, status: Outcome): number | undefined {
  return outcome === status ? durationSeconds : undefined
}

const chunkLength = 256 * 1024

/** Yields the text in chunks, each with its number of samples. */
export function* openMetrics(
  backfill: Backfill,
): Generator<{ readonly text: string; readonly samples: number }> {
  let text = ''
  let samples = 0
  for (const part of parts(backfill)) {
    if (part.kind === 'header') {
      text += part.text
      continue
    }
    const { first, spacing, count } = part.stretch
    for (let index = 0; index < count; index += 1) {
      text += `${part.head}${first + index * spacing}\n`
      samples += 1
      if (text.length < chunkLength) continue
      yield { text, samples }
      text = ''
      samples = 0
    }
  }
  yield { text: `${text}# EOF\n`, samples }
}

export type Extent = { readonly samples: number; readonly bytes: number }

/** The ten digits of a Unix time from 2001 to 2286, and the line's end. */
const timeLength = 11

/** The exact size of what `openMetrics` yields, computed without building the text. */
export function extentOf(backfill: Backfill): Extent {
  let samples = 0
  let bytes = Buffer.byteLength('# EOF\n')
  for (const part of parts(backfill)) {
    if (part.kind === 'header') {
      bytes += Buffer.byteLength(part.text)
    } else {
      samples += part.stretch.count
      bytes += part.stretch.count * (Buffer.byteLength(part.head) + timeLength)
    }
  }
  return { samples, bytes }
}

type Part =
  | { readonly kind: 'header'; readonly text: string }
  | {
      readonly kind: 'stretch'
      readonly head: string
      readonly stretch: Stretch
    }

function* parts({ sources, labels, grid }: Backfill): Generator<Part> {
  for (const [metric, ofMetric] of Map.groupBy(seriesOfSource, (series) => series.metric)) {
    yield { kind: 'header', text: headerOf(metric) }
    for (const { source, states } of sources) {
      const { user, host, path } = source
      for (const series of ofMetric) {
        const name = `${metric}${labelText({ ...labels, user, host, path, ...series.labels })}`
        yield* partsOfSeries(name, series, states, grid)
      }
    }
  }
}

function* partsOfSeries(
  name: string,
  series: Series,
  states: readonly PastState[],
  grid: Grid,
): Generator<Part> {
  for (const [index, state] of states.entries()) {
    const value = series.value(state)
    if (value === undefined) continue
    const to = states[index + 1]?.at ?? grid.until
    const head = `${name} ${value} `
    for (const stretch of stretchesOf(grid, state.at, to)) yield { kind: 'stretch', head, stretch }
  }
}

/** The name of a counter's family lacks the `_total` of its samples (OpenMetrics 1.0, "Counter"). */
function headerOf(metric: MetricName): string {
  const { type, help } = definitions[metric]
  const family = type === 'counter' ? metric.replace(/_total$/, '') : metric
  return `# HELP ${family} ${escaped(help)}\n# TYPE ${family} ${type}\n`
}

function labelText(labels: Readonly<Record<string, string>>): string {
  return `{${Object.entries(labels)
    .map(([name, value]) => `${name}="${escaped(value)}"`)
    .join(',')}}`
}

function escaped(text: string): string {
  return text.replace(/[\\"\n]/g, (character) => (character === '\n' ? '\\n' : `\\${character}`))
}
