// Large texts piece by piece, so that they never stand in memory as a whole.

const pieceCharacters = 64 * 1024

/** Joins short texts to pieces of some 64 KiB, made as they are taken; a usual text is one piece. */
export function* inPieces(texts: Iterable<string>): Generator<string> {
  let piece = ''
  for (const text of texts) {
    piece += text
    if (piece.length < pieceCharacters) continue
    yield piece
    piece = ''
  }
  if (piece !== '') yield piece
}
