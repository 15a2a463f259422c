// Large texts in pieces, so that memory never holds them as a whole.

/** Smaller pieces make more system calls, larger ones take more memory. */
const pieceLength = 64 * 1024

/** Joins short texts to pieces of at least 64 Ki characters; only the last piece may be shorter. */
export async function* inPieces(texts: Iterable<string> | AsyncIterable<string>): AsyncGenerator<string> {
  let piece = ''
  for await (const text of texts) {
    piece += text
    if (piece.length < pieceLength) continue
    yield piece
    piece = ''
  }
  if (piece !== '') yield piece
}
