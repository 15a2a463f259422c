// Large texts piece by piece, as UTF-8, so that they never stand in memory as a whole.

/** Smaller ones are more writes, larger ones more memory. */
const usualBytes = 64 * 1024
/** The rest is for what is added last. */
const fullBytes = 60 * 1024

export type Piece = {
  /** UTF-8 that is written again and again is best kept as bytes. */
  readonly add: (bytes: Uint8Array) => void
  readonly addText: (text: string) => void
  /** Whether it should be taken before more is added; it takes more, too. */
  readonly isFull: () => boolean
  readonly isEmpty: () => boolean
  /** What was added since the last time. */
  readonly take: () => Uint8Array
}

/** A piece that nothing was added to yet. */
export function createPiece(): Piece {
  let buffer = Buffer.alloc(0)
  let length = 0

  function makeRoomFor(bytes: number): void {
    if (length + bytes <= buffer.length) return
    const larger = Buffer.allocUnsafe(Math.max(usualBytes, 2 * (length + bytes)))
    larger.set(buffer.subarray(0, length))
    buffer = larger
  }

  return {
    add: (bytes) => {
      makeRoomFor(bytes.length)
      buffer.set(bytes, length)
      length += bytes.length
    },
    addText: (text) => {
      // The most that UTF-8 needs for a unit of UTF-16.
      makeRoomFor(3 * text.length)
      length += buffer.write(text, length)
    },
    isFull: () => length >= fullBytes,
    isEmpty: () => length === 0,
    take: () => {
      const taken = buffer.subarray(0, length)
      buffer = Buffer.alloc(0)
      length = 0
      return taken
    },
  }
}

/** Joins short texts to pieces of some 60 KiB, made as they are taken. */
export function* inPieces(texts: Iterable<string>): Generator<Uint8Array> {
  const piece = createPiece()
  for (const text of texts) {
    piece.addText(text)
    if (piece.isFull()) yield piece.take()
  }
  if (!piece.isEmpty()) yield piece.take()
}
