// Finds the few records that matter in the bytes of a segment, without decoding the others.
// Most records of a debug log are about blobs. Searching raw bytes is ten times as fast as reading lines.

import { markersOf } from './messages.ts'
import { type LogRecord, parseRecord } from './record.ts'

/** Longer records are cut. Kopia's records are short, and a path has at most 4 KiB (PATH_MAX in limits.h). */
const longestRecordBytes = 64 * 1024

/** How far behind another marker, or from an end of the bytes, the scanner looks for a `nearby` marker. */
const nearbyBytes = 64 * 1024

export type Scan = {
  readonly records: readonly LogRecord[]
  /** The length of the records that were taken. The next scan begins behind them. */
  readonly consumedBytes: number
}

/**
 * Finds the records in `bytes`, which must begin with a record. Leaves the last record, because Kopia may still
 * write lines that continue it.
 */
export function scan(bytes: Buffer, command: string): Scan {
  const end = startOfLastRecord(bytes)
  return { records: findRecords(bytes.subarray(0, end), command), consumedBytes: end }
}

/** Like `scan`, but takes the last record too, as far as it is written. */
export function scanToEnd(bytes: Buffer, command: string): Scan {
  return { records: findRecords(bytes, command), consumedBytes: bytes.length }
}

function findRecords(bytes: Buffer, command: string): LogRecord[] {
  const records: LogRecord[] = []
  for (const start of candidates(bytes, command)) {
    const end = Math.min(endOfRecord(bytes, start), start + longestRecordBytes)
    const record = parseRecord(bytes.toString('utf8', start, end).replace(/\r?\n$/, ''))
    if (record !== undefined) records.push(record)
  }
  return records
}

/** The offsets of the records that hold a marker, sorted, without duplicates. */
function candidates(bytes: Buffer, command: string): readonly number[] {
  const { everywhere, nearby } = markersOf(command, isJson(bytes) ? 'json' : 'text')
  const hits = everywhere.flatMap((marker) => find(bytes, marker, 0, bytes.length))
  for (const [from, to] of windows(hits, bytes.length)) {
    for (const marker of nearby) hits.push(...find(bytes, marker, from, to))
  }
  const starts = new Set(hits.map((hit) => startOfRecord(bytes, hit)))
  return [...starts].sort((one, other) => one - other)
}

function find(bytes: Buffer, marker: string, from: number, to: number): number[] {
  const part = bytes.subarray(from, to)
  const hits: number[] = []
  for (let hit = part.indexOf(marker); hit >= 0; hit = part.indexOf(marker, hit + marker.length))
    hits.push(from + hit)
  return hits
}

/** The ranges to search for `nearby` markers: both ends and the bytes behind each hit, without overlaps. */
function windows(hits: readonly number[], length: number): readonly (readonly [from: number, to: number])[] {
  const begins = [0, ...hits, Math.max(0, length - nearbyBytes)].sort((one, other) => one - other)
  const found: [number, number][] = []
  let searchedTo = 0
  for (const begin of begins) {
    const [from, to] = [Math.max(begin, searchedTo), Math.min(length, begin + nearbyBytes)]
    if (from < to) found.push([from, to])
    searchedTo = Math.max(searchedTo, to)
  }
  return found
}

function startOfRecord(bytes: Buffer, position: number): number {
  let start = startOfLine(bytes, position)
  while (start > 0 && !beginsRecord(bytes, start)) start = startOfLine(bytes, start - 1)
  return start
}

function startOfLastRecord(bytes: Buffer): number {
  return bytes.length === 0 ? 0 : startOfRecord(bytes, bytes.length - 1)
}

function endOfRecord(bytes: Buffer, start: number): number {
  let newline = bytes.indexOf(10, start)
  while (newline >= 0 && newline + 1 < bytes.length && !beginsRecord(bytes, newline + 1)) {
    newline = bytes.indexOf(10, newline + 1)
  }
  return newline < 0 ? bytes.length : newline + 1
}

function startOfLine(bytes: Buffer, position: number): number {
  return position <= 0 ? 0 : bytes.lastIndexOf(10, position - 1) + 1
}

/** A text record begins with a timestamp, a JSON record with a brace. Any other line continues the record before it. */
function beginsRecord(bytes: Buffer, at: number): boolean {
  if (isJson(bytes)) return bytes[at] === openingBrace
  return timestampPattern.test(bytes.toString('latin1', at, at + 20))
}

const openingBrace = 0x7b

/** Kopia never mixes text and JSON in one file. */
function isJson(bytes: Buffer): boolean {
  return bytes[0] === openingBrace
}

const timestampPattern = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/
