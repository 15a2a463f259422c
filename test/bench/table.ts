// Formats a result as columns and sentences, for the terminal and for Markdown.

import { isMet, median, quantile, type Result, type Row, type Unit, type Verdict } from './bench.ts'

/** A table for the terminal: the measurements with median and spread, then the promises. */
export function tableOf({ rows, verdicts }: Result): string {
  const cells = [['', 'median', '10 % … 90 %', 'n'], ...rows.map(cellsOf)]
  const lines = cells.map((line) => line.map((cell, column) => aligned(cells, cell, column)).join('  '))
  return `${[...lines, ...verdicts.map(verdictWords)].map((line) => `  ${line}`).join('\n')}\n`
}

/** The columns of a row: name, median, spread, number of values. */
export function cellsOf({ what, unit, values }: Row): readonly [string, string, string, string] {
  const spread =
    values.length < 2 ? '' : `${figure(quantile(values, 0.1))} … ${figure(quantile(values, 0.9))}`
  return [what, withUnit(median(values), unit), spread, String(values.length)]
}

/** One sentence about a promise and whether it is kept. */
export function verdictWords(verdict: Verdict): string {
  const { promise, unit, reached, limit, bound } = verdict
  const mark = isMet(verdict) ? '✓' : '✗'
  return `${mark} ${promise}: ${withUnit(reached, unit)}, promised ${bound} ${withUnit(limit, unit)}`
}

/** A figure, rounded to its meaningful digits, with its unit. */
export function withUnit(value: number, unit: Unit): string {
  return unit === '' ? figure(value) : `${figure(value)} ${unit}`
}

function figure(value: number): string {
  const size = Math.abs(value)
  if (size >= 100 || Number.isInteger(value)) return Math.round(value).toLocaleString('en')
  return value.toFixed(size >= 10 ? 1 : size >= 1 ? 2 : 3)
}

function aligned(cells: readonly (readonly string[])[], cell: string, column: number): string {
  const width = Math.max(...cells.map((line) => line[column]?.length ?? 0))
  return column === 0 ? cell.padEnd(width) : cell.padStart(width)
}
