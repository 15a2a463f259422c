// The agent's log on standard error: text for people, JSON for machines.

import winston from 'winston'
import { visible } from './visible.ts'

export type Log = {
  readonly error: (message: string) => void
  readonly warn: (message: string) => void
  readonly info: (message: string) => void
  readonly debug: (message: string) => void
}

/** Creates the log. When standard error is closed, lines are lost and the agent goes on. */
export function createLog(level: string, format: 'text' | 'json'): Log {
  const { combine, timestamp, json, printf } = winston.format
  // One line per message: a file name with a newline in it must not forge an entry.
  const text = printf(
    (entry) => `${entry.timestamp} ${entry.level.toUpperCase()} ${visible(String(entry.message))}`,
  )
  // Without a listener, an EPIPE ends the process (nodejs.org/api/stream.html, event "error").
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined)
  const logger = winston.createLogger({
    level,
    exitOnError: false,
    format: combine(timestamp(), format === 'json' ? json() : text),
    transports: [new winston.transports.Console({ stderrLevels: ['error', 'warn', 'info', 'debug'] })],
  })
  return {
    error: (message) => void logger.error(message),
    warn: (message) => void logger.warn(message),
    info: (message) => void logger.info(message),
    debug: (message) => void logger.debug(message),
  }
}
