// Reads a directory object while it comes: one line of JSON, 25 MB for 100,000 entries.

import { asRecord, parseJson } from '../../util/json.ts'
import { parseEntry } from './entry.ts'
import type { Entry } from './reading.ts'

type DirectoryReader = {
  readonly add: (chunk: Buffer) => void
  /** Throws an Error that says what was expected. */
  readonly end: () => undefined
}

/** For one entry, and for all that is not an entry: names have at most 255 bytes, a summary lists ten errors. */
const mostBytes = 1024 * 1024

const [quote, backslash, comma] = [0x22, 0x5c, 0x2c]
const [openBrace, closeBrace, openBracket, closeBracket] = [0x7b, 0x7d, 0x5b, 0x5d]

/**
 * Calls `onEntry` with each entry of `{"stream":"kopia:directory","entries":[…],"summary":{…}}`. Each entry is parsed alone;
 * what remains without them is parsed at the end.
 */
export function createDirectoryReader(onEntry: (entry: Entry) => void): DirectoryReader {
  const step = createStructure()
  const [frame, entry] = [createBytes(), createBytes()]
  let into = frame
  let count = 0
  let problem: unknown

  function add(chunk: Buffer): void {
    let from = 0
    const keepUntil = (at: number) => {
      into.add(chunk.subarray(from, at))
      from = at
      if (into.length() > mostBytes) problem = new Error(`expected entries of less than ${mostBytes} bytes`)
    }
    for (const [at, byte] of chunk.entries()) {
      const found = step(byte)
      if (found === undefined) continue
      keepUntil(found === 'end of entry' ? at + 1 : at)
      if (found === 'entry') into = entry
      // The comma between entries is left out: without them it would be no JSON.
      else if (found === 'between entries') from = at + 1
      else take()
      if (problem !== undefined) return
    }
    keepUntil(chunk.length)
  }

  function take(): void {
    into = frame
    let parsed: Entry
    try {
      parsed = parseEntry(parseJson(entry.take().toString()), `entry ${count}`)
    } catch (error) {
      problem = error
      return
    }
    count += 1
    onEntry(parsed)
  }

  return {
    add: (chunk) => {
      if (problem === undefined) add(chunk)
    },
    end: () => {
      if (problem !== undefined) throw problem
      const directory = asRecord(parseJson(frame.take().toString()), 'directory')
      if (directory.stream !== 'kopia:directory') throw new Error('expected a directory')
      return undefined
    },
  }
}

type Found = 'entry' | 'end of entry' | 'between entries' | undefined

/**
 * Finds objects in a list in an object, byte by byte. In UTF-8 the bytes of brackets, quotes and commas stand for nothing
 * else, so a chunk may end within a character.
 */
function createStructure(): (byte: number) => Found {
  let depth = 0
  let isInString = false
  let isEscaped = false
  let isInList = false

  function passString(byte: number): undefined {
    if (isEscaped) isEscaped = false
    else if (byte === backslash) isEscaped = true
    else if (byte === quote) isInString = false
  }

  function open(byte: number): Found {
    depth += 1
    if (depth === 2) isInList = byte === openBracket
    return depth === 3 && isInList && byte === openBrace ? 'entry' : undefined
  }

  function close(byte: number): Found {
    depth -= 1
    return depth === 2 && isInList && byte === closeBrace ? 'end of entry' : undefined
  }

  return (byte) => {
    if (isInString) return passString(byte)
    if (byte === quote) isInString = true
    else if (byte === openBrace || byte === openBracket) return open(byte)
    else if (byte === closeBrace || byte === closeBracket) return close(byte)
    else if (byte === comma && depth === 2 && isInList) return 'between entries'
    return undefined
  }
}

type Bytes = {
  readonly add: (piece: Buffer) => void
  readonly length: () => number
  readonly take: () => Buffer
}

function createBytes(): Bytes {
  let pieces: Buffer[] = []
  let length = 0
  return {
    add: (piece) => {
      if (piece.length === 0) return
      // A copy: a view would keep its whole chunk in memory.
      pieces.push(Buffer.from(piece))
      length += piece.length
    },
    length: () => length,
    take: () => {
      const whole = Buffer.concat(pieces)
      pieces = []
      length = 0
      return whole
    },
  }
}
