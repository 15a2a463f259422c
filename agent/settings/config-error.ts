// The error of a wrong setting.

/** Reports a wrong setting; the message is one line for the user. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
}

/** The first line of an error's message. */
export function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? ''
}
