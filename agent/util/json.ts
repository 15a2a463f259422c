// Checks for JSON from outside, such as Kopia's.

/** Returns the object; throws an Error that names `what` if it is none. */
export function asRecord(value: unknown, what: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Error(`expected an object as ${what}`)
  }
  return { ...value }
}

/** Returns the string; throws an Error that names `what` if it is none. */
export function asString(value: unknown, what: string): string {
  if (typeof value !== 'string') throw new Error(`expected a text as ${what}`)
  return value
}

/** Returns the number, or 0 for anything else: Kopia leaves out numbers that are 0. */
export function asNumber(value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : 0
}

/** Parses JSON; throws an Error that shows how the text begins. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new Error(`expected JSON, found ${JSON.stringify(text.slice(0, 60))}`)
  }
}
