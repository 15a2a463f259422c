// Checks at the border where Kopia's JSON comes in.

/** Throws an Error that says what `what` should have been. */
export function asRecord(value: unknown, what: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Error(`expected an object as ${what}`)
  }
  return { ...value }
}

/** Throws an Error that says what `what` should have been. */
export function asString(value: unknown, what: string): string {
  if (typeof value !== 'string') throw new Error(`expected a text as ${what}`)
  return value
}

/** Kopia leaves out numbers that are 0. */
export function asNumber(value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : 0
}

/** Parses a whole answer; throws an Error that shows how it begins. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new Error(`expected JSON, found ${JSON.stringify(text.slice(0, 60))}`)
  }
}
