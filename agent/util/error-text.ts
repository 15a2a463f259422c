// What an error says. Anything can be thrown, also what is no Error.

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** Its first line, for a message of one line. */
export function firstLine(error: unknown): string {
  return messageOf(error).split('\n')[0] ?? ''
}
