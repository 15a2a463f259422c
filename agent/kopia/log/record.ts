// One record of a Kopia log: time, level, logger, message, structured fields; in text or in JSON.

import { parseTime } from '../../util/time.ts'

export type LogRecord = {
  readonly timeSeconds: number
  readonly level: string
  readonly logger: string
  /** May hold newlines. */
  readonly message: string
  readonly fields: Readonly<Record<string, unknown>>
}

const textPattern = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\S*) (\S+) (\S+) (.*)$/s

/** Reads one whole record, continuation lines included; undefined where it is none. */
export function parseRecord(text: string): LogRecord | undefined {
  return text.startsWith('{') ? parseJson(text) : parseText(text)
}

function parseText(text: string): LogRecord | undefined {
  const [, time, level, logger, rest] = textPattern.exec(text) ?? []
  if (time === undefined || level === undefined || logger === undefined || rest === undefined)
    return undefined
  const timeSeconds = parseTime(time)
  if (timeSeconds === undefined) return undefined
  const tab = rest.lastIndexOf('\t{')
  const fields = tab < 0 ? undefined : parseObject(rest.slice(tab + 1))
  if (fields === undefined) return { timeSeconds, level, logger, message: rest, fields: {} }
  return { timeSeconds, level, logger, message: rest.slice(0, tab), fields }
}

/** Kopia's `--json-log-file`: l, t, n, m, and the structured fields beside them. */
function parseJson(text: string): LogRecord | undefined {
  const { l: level, t: time, n: logger, m: message, ...fields } = parseObject(text) ?? {}
  if (typeof level !== 'string' || typeof time !== 'string' || typeof message !== 'string') return undefined
  const timeSeconds = parseTime(time)
  if (timeSeconds === undefined) return undefined
  return { timeSeconds, level, logger: typeof logger === 'string' ? logger : '', message, fields }
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined
  } catch {
    return undefined
  }
}
