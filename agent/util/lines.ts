// Splits a stream of bytes into lines.

import { StringDecoder } from 'node:string_decoder'

export type LineSplitter = {
  readonly add: (chunk: Buffer) => void
  /** Passes on the last line if it has no end. */
  readonly end: () => void
}

/** Calls `onLine` with each line, without its end. A line is cut after `mostLength` characters, so that memory is bounded. */
export function createLineSplitter(
  onLine: (line: string) => void,
  mostLength = Number.POSITIVE_INFINITY,
): LineSplitter {
  const decoder = new StringDecoder('utf8')
  let line = ''

  function add(text: string): void {
    const pieces = text.split('\n')
    for (const [index, piece] of pieces.entries()) {
      if (index > 0) flush()
      if (line.length < mostLength) line += piece.slice(0, mostLength - line.length)
    }
  }

  function flush(): void {
    const whole = line
    line = ''
    onLine(whole)
  }

  return {
    add: (chunk) => add(decoder.write(chunk)),
    end: () => {
      add(decoder.end())
      if (line !== '') flush()
    },
  }
}
