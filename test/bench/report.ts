// A bench's result on disk: results/NAME.json, and its plots as SVG files beside it.

import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { projectFolder } from '../support/tools.ts'
import type { Result } from './bench.ts'
import type { Machine } from './machine.ts'
import { svgOf } from './plot.ts'

export type Report = Result & {
  readonly name: string
  readonly question: string
  readonly length: 'usual' | 'long'
  readonly at: string
  readonly machine: Machine
}

const folder = join(projectFolder, 'test/bench/results')

/** Writes the report, then draws its plots. */
export async function saveReport(report: Report): Promise<void> {
  await mkdir(folder, { recursive: true })
  await writeFile(pathOf(report.name), `${JSON.stringify(report, rounded, 1)}\n`)
  for (const plot of report.plots ?? []) {
    await writeFile(join(folder, `${report.name}-${plot.name}.svg`), svgOf(plot))
  }
}

/** The report of a bench's last run. */
export async function loadReport(name: string): Promise<Report> {
  return JSON.parse(await readFile(pathOf(name), 'utf8'))
}

function pathOf(name: string): string {
  return join(folder, `${name}.json`)
}

/** Keeps four digits; the others are noise. */
function rounded(_: string, value: unknown): unknown {
  return typeof value === 'number' ? Number(value.toPrecision(4)) : value
}
