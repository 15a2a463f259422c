// The status as a table for a terminal: fits its width, worst source first, problems explained below their rows. Pure.

import { proofNotes, provedWords, showsProofs, unreadableWords } from './proof-words.ts'
import { sparkline } from './sparkline.ts'
import { overallState, type SourceStatus, type State, type Status } from './status.ts'
import { summaryWords } from './summary-words.ts'
import { fitted, padded, shortened, widthOf, wrapped } from './text-width.ts'
import {
  agoWords,
  bytesWords,
  changedRepositoryWords,
  commandWords,
  countWords,
  durationWords,
  problemWords,
  reasonWords,
  runningWords,
  visible,
} from './words.ts'

type Colour = 'red' | 'yellow' | 'green' | 'cyan' | 'dim' | 'bold'
export type Paint = (colour: Colour, text: string) => string

type TableOptions = {
  /** Columns of the terminal; undefined without a terminal, so that nothing is shortened. */
  readonly columns: number | undefined
  readonly paint: Paint
}

type Column = {
  readonly title: string
  readonly align: 'left' | 'right'
  readonly text: (source: SourceStatus, now: number) => string
  /** Undefined: always. */
  readonly isShown?: (status: Pick<Status, 'sources'>) => boolean
}

/** Each state has a shape and a word besides its colour, for people and terminals without colours. */
const marks: Readonly<Record<State, { readonly mark: string; readonly colour: Colour }>> = {
  failing: { mark: '✗', colour: 'red' },
  overdue: { mark: '!', colour: 'yellow' },
  waiting: { mark: '·', colour: 'cyan' },
  fine: { mark: '✓', colour: 'green' },
}

const stateWidth = 9
const gap = '  '
/** A path shortened further is hard to recognise. */
const leastSourceWidth = 24

/** Most important first: the columns that do not fit are left out. */
const columns: readonly Column[] = [
  { title: 'LAST SUCCESS', align: 'right', text: lastSuccessText },
  { title: 'NEXT', align: 'right', text: nextText },
  { title: 'PROVED', align: 'right', text: provedWords, isShown: showsProofs },
  {
    title: 'TOOK',
    align: 'right',
    text: ({ lastAttempt }) => optional(lastAttempt?.durationSeconds, durationWords),
  },
  { title: 'SIZE', align: 'right', text: ({ sizeBytes }) => optional(sizeBytes, bytesWords) },
  { title: 'LAST DURATIONS', align: 'left', text: ({ recent }) => sparkline(recent) },
  { title: 'FILES', align: 'right', text: ({ files }) => optional(files, countWords) },
  { title: 'SNAPSHOTS', align: 'right', text: ({ snapshots }) => optional(snapshots, countWords) },
]

/** The status as lines of text, with a line end. */
export function statusTable(status: Status, options: TableOptions): string {
  const { paint, columns: width } = options
  const host = commonHost(status.sources)
  const heading = wrapped(`${summaryWords(status)}${host === '' ? '' : ` on ${visible(host)}`}`, width)
  const warn = (words: string, colour: Colour) =>
    wrapped(`! ${words}`, width).map((line) => paint(colour, line))
  const changed = changedRepositoryWords(status)
  const table = status.sources.length === 0 ? [] : ['', ...tableLines(status, host, options)]
  const lines = [
    ...heading.map((line) => paint('bold', paint(marks[overallState(status)].colour, line))),
    ...(changed === undefined ? [] : warn(changed, 'red')),
    ...status.failedCommands.flatMap((failed) => warn(commandWords(failed), 'yellow')),
    ...table,
  ]
  return lines.map((line) => `${line.trimEnd()}\n`).join('')
}

function tableLines(
  { sources, at }: Status,
  host: string,
  { columns: width, paint }: TableOptions,
): readonly string[] {
  const names = sources.map(({ name, source }) => visible(host === '' ? name : source.path))
  const longestName = Math.max('SOURCE'.length, ...names.map(widthOf))
  const shown = columnsThatFit(sources, at, longestName, width)
  const taken = shown.reduce(
    (sum, { width: ofColumn }) => sum + gap.length + ofColumn,
    stateWidth + gap.length,
  )
  const nameWidth = width === undefined ? longestName : Math.max(1, Math.min(longestName, width - taken))
  const title = [
    padded('  STATE', stateWidth),
    padded('SOURCE', nameWidth),
    ...shown.map(({ column, width: ofColumn }) => fitted(column.title, ofColumn, column.align)),
  ]
  const rows = sources.flatMap((source, index) => {
    const { mark, colour } = marks[source.state]
    const cells = shown.map(({ column, texts, width: ofColumn }) =>
      fitted(texts[index] ?? '', ofColumn, column.align),
    )
    const name = padded(shortened(names[index] ?? '', nameWidth), nameWidth)
    const state = paint(colour, padded(`${mark} ${source.state}`, stateWidth))
    const row = [state, name, ...cells].join(gap)
    const indent = ' '.repeat(stateWidth + gap.length)
    const notes = notesOf(source, at).flatMap((note) =>
      wrapped(note.text, width && width - indent.length).map((line) => indent + paint(note.colour, line)),
    )
    return [row, ...notes]
  })
  return [paint('dim', title.join(gap).trimEnd()), ...rows]
}

type ShownColumn = { readonly column: Column; readonly texts: readonly string[]; readonly width: number }

function columnsThatFit(
  sources: readonly SourceStatus[],
  now: number,
  longestName: number,
  width: number | undefined,
): readonly ShownColumn[] {
  const used = columns.filter(({ isShown }) => isShown?.({ sources }) ?? true)
  const all = used.map((column) => {
    const texts = sources.map((source) => column.text(source, now))
    return { column, texts, width: Math.max(widthOf(column.title), ...texts.map(widthOf)) }
  })
  if (width === undefined) return all
  const shown: ShownColumn[] = []
  let room = width - stateWidth - gap.length - Math.min(longestName, leastSourceWidth)
  for (const column of all) {
    room -= gap.length + column.width
    if (room < 0) break
    shown.push(column)
  }
  return shown
}

/** `user@host` if all sources share it, else empty. The table then shows paths only. */
function commonHost(sources: readonly SourceStatus[]): string {
  const hosts = new Set(sources.map(({ source: { user, host } }) => `${user}@${host}`))
  const [only = ''] = hosts
  return hosts.size === 1 ? only : ''
}

type Note = { readonly text: string; readonly colour: Colour }

function notesOf(source: SourceStatus, now: number): readonly Note[] {
  const { stuckSince, state } = source
  const running = runningWords(source, now)
  const problems = [problemWords(source, now), reasonWords(source), unreadableWords(source)]
  return [
    ...problems.filter((text) => text !== undefined).map((text) => ({ text, colour: marks[state].colour })),
    ...proofNotes(source, now).map((text) => ({ text, colour: 'yellow' as const })),
    ...(running === undefined
      ? []
      : [{ text: running, colour: stuckSince === undefined ? ('cyan' as const) : ('yellow' as const) }]),
  ]
}

function lastSuccessText({ lastSuccessAt }: SourceStatus, now: number): string {
  return lastSuccessAt === undefined ? 'never' : agoWords(lastSuccessAt, now)
}

function nextText({ deadline: { dueAt }, overdueSince }: SourceStatus, now: number): string {
  if (overdueSince !== undefined) return 'overdue'
  if (dueAt === undefined) return '–'
  return dueAt > now ? agoWords(dueAt, now) : 'due'
}

function optional(value: number | undefined, words: (value: number) => string): string {
  return value === undefined ? '–' : words(value)
}
