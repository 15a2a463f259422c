// Kopia's cron expressions (github.com/hashicorp/cronexpr 1.1.3) in the words of Croner, which knows fewer forms.

type Field = {
  readonly first: number
  readonly last: number
  /** English names by their first three letters, in the order of the values. */
  readonly names?: readonly string[]
}

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const weekdays = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']

const second: Field = { first: 0, last: 59 }
const minute: Field = { first: 0, last: 59 }
const hour: Field = { first: 0, last: 23 }
const dayOfMonth: Field = { first: 1, last: 31 }
const month: Field = { first: 1, last: 12, names: months }
const dayOfWeek: Field = { first: 0, last: 6, names: weekdays }
const year: Field = { first: 1970, last: 2099 }

const fields = [second, minute, hour, dayOfMonth, month, dayOfWeek, year] as const

const aliases = new Map([
  ['@yearly', '0 0 1 1 *'],
  ['@annually', '0 0 1 1 *'],
  ['@monthly', '0 0 1 * *'],
  ['@weekly', '0 0 * * 0'],
  ['@daily', '0 0 * * *'],
  ['@hourly', '0 * * * *'],
])

/**
 * The expression with lists of numbers for all else. Kopia allows comments, full names, steps from a number (`0/15`) and a
 * year as the sixth field; a range up to Sunday ends on Saturday. Undefined if it asks for nothing, such as `22-6`.
 */
export function cronerLineOf(kopiaLine: string): string | undefined {
  const text = kopiaLine.replace(/#.*/s, '').trim()
  const parts = (aliases.get(text) ?? text).split(/\s+/).slice(0, fields.length)
  if (parts.length < 5) return undefined
  const withSeconds = parts.length === fields.length ? parts : ['0', ...parts]
  const lists = fields.map((field, index) => listOf(field, withSeconds[index] ?? '*'))
  return lists.includes('') ? undefined : lists.join(' ')
}

/** Empty if no value is left. */
function listOf(field: Field, text: string): string {
  const entries = text.toLowerCase().split(',').filter(Boolean)
  if (entries.some((entry) => entry === '*' || entry === '?')) return '*'
  return [...new Set(entries.flatMap((entry) => valuesOf(field, entry)))].join(',')
}

function valuesOf(field: Field, entry: string): readonly (number | string)[] {
  // The last day, the last workday, the workday next to a day, the last Friday: as in Croner.
  if (/^(l|lw|\d+w)$/.test(entry)) return [entry.toUpperCase()]
  const [, lastWeekday] = /^(.+)l$/.exec(entry) ?? []
  if (field === dayOfWeek && lastWeekday !== undefined) return [`${numberOf(field, lastWeekday)}L`]
  const [range = '', step] = entry.split('/')
  const [from = '', to] = range.split('-')
  if (to === undefined && step === undefined) return [numberOf(field, from)]
  const start = from === '*' ? field.first : numberOf(field, from)
  const end = to === undefined ? field.last : endOf(field, to)
  return everyFrom(start, end, Number(step ?? 1))
}

/** In Kopia a range that ends on Sunday ends on Saturday (dowFieldHandler in cronexpr_parse.go). */
function endOf(field: Field, text: string): number {
  const end = numberOf(field, text)
  return field === dayOfWeek && end === 0 ? field.last : end
}

function numberOf(field: Field, text: string): number {
  const { names = [], first } = field
  const index = names.indexOf(text.slice(0, 3))
  if (index >= 0) return first + index
  // Kopia takes 7 and all numbers of two digits for Sunday.
  return field === dayOfWeek && !/^[0-6]$/.test(text) ? 0 : Number(text)
}

function everyFrom(start: number, end: number, step: number): readonly number[] {
  const values: number[] = []
  for (let value = start; value <= end && step > 0; value += step) values.push(value)
  return values
}
