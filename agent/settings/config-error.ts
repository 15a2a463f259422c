// The error of a wrong setting.

/** Reports a wrong setting; the message is one line for the user. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
}
