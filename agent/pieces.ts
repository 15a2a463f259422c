// Large texts piece by piece, so that they never stand in memory as a whole.

/** Longer ones are copied by each collection of the garbage; shorter ones are many writes. */
const pieceCharacters = 16 * 1024

/** Joins short texts to pieces of some 16 KiB, made as they are taken. */
export function* inPieces(texts: Iterable<string>): Generator<string> {
  let piece: string[] = []
  let characters = 0
  for (const text of texts) {
    piece.push(text)
    characters += text.length
    if (characters < pieceCharacters) continue
    yield piece.join('')
    piece = []
    characters = 0
  }
  if (characters > 0) yield piece.join('')
}
