// A log that keeps its lines, for tests of what is reported.

import type { Log } from '../../agent/util/log.ts'

type Level = keyof Log

export type LogRecorder = Log & { readonly lines: (level: Level) => readonly string[] }

/** A log without lines yet. */
export function createLogRecorder(): LogRecorder {
  const entries: { readonly level: Level; readonly message: string }[] = []
  const at = (level: Level) => (message: string) => void entries.push({ level, message })
  return {
    error: at('error'),
    warn: at('warn'),
    info: at('info'),
    debug: at('debug'),
    lines: (level) => entries.filter((entry) => entry.level === level).map(({ message }) => message),
  }
}
