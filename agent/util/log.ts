// The agent's own log, to standard error: for people, or JSON for machines.

import winston from 'winston'

export type Log = {
  readonly error: (message: string) => void
  readonly warn: (message: string) => void
  readonly info: (message: string) => void
  readonly debug: (message: string) => void
}

/** Creates the log. A standard error that is closed loses lines and stops nothing. */
export function createLog(level: string, format: 'text' | 'json'): Log {
  const { combine, timestamp, json, printf } = winston.format
  const people = printf((entry) => `${entry.timestamp} ${entry.level.toUpperCase()} ${entry.message}`)
  // Without a listener the EPIPE of a reader that has gone would end the process (node: stream, "error").
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined)
  const logger = winston.createLogger({
    level,
    exitOnError: false,
    format: combine(timestamp(), format === 'json' ? json() : people),
    transports: [new winston.transports.Console({ stderrLevels: ['error', 'warn', 'info', 'debug'] })],
  })
  return {
    error: (message) => void logger.error(message),
    warn: (message) => void logger.warn(message),
    info: (message) => void logger.info(message),
    debug: (message) => void logger.debug(message),
  }
}
