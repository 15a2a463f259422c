// Reads texts that come in pieces.

/** All pieces of a text. */
export async function piecesOf(text: AsyncIterable<string>): Promise<readonly string[]> {
  const pieces: string[] = []
  for await (const piece of text) pieces.push(piece)
  return pieces
}

/** Several texts, read piece by piece in turn; `between` runs after each piece. */
export async function readInTurns(
  texts: readonly AsyncGenerator<string>[],
  between: () => void,
): Promise<readonly string[]> {
  const reading = texts.map((text) => ({ text, read: '', isOpen: true }))
  while (reading.some(({ isOpen }) => isOpen)) {
    for (const one of reading.filter(({ isOpen }) => isOpen)) {
      const { value, done } = await one.text.next()
      if (done) one.isOpen = false
      else one.read += value
      between()
    }
  }
  return reading.map(({ read }) => read)
}
