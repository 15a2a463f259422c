// Parses one record of a Kopia log, written as text or as JSON.

import { parseTime } from '../../util/time.ts'

export type LogRecord = {
  readonly timeSeconds: number
  readonly level: string
  readonly logger: string
  /** Can hold newlines. */
  readonly message: string
  readonly fields: Readonly<Record<string, unknown>>
}

const textPattern = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\S*) (\S+) (\S+) (.*)$/s

/** Parses one complete record with its continuation lines; undefined if the text is not a record. */
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

/** `--json-log-file` writes the keys l, t, n and m, and each structured field as a further key. */
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
