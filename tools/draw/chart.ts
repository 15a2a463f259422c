// Draws time series and state timelines as SVG.

import type { TimeRange } from '../../test/support/dashboards/interpolate.ts'
import type { Panel } from '../../test/support/dashboards/model.ts'
import type { Labels, Line } from '../../test/support/dashboards/prometheus-queries.ts'
import { fieldOf, show } from './fields.ts'
import { colourOf, escapeHtml, lineColours } from './theme.ts'

export type Series = { readonly name: string; readonly line: Line }
export type Shade = { readonly from: number; readonly to: number; readonly colour: string }
export type Box = { readonly width: number; readonly height: number }

const margin = { left: 74, right: 12, top: 6, bottom: 20 } as const

/** Fills in the labels of a legend such as `{{host}} received`. */
export function nameOf(legend: string, labels: Labels): string {
  return legend.replace(/\{\{(\w+)\}\}/g, (_, label: string) => labels[label] ?? '')
}

/** Draws a time series panel with its legend. */
export function chart(
  panel: Panel,
  series: readonly Series[],
  shades: readonly Shade[],
  range: TimeRange,
  box: Box,
): string {
  const height = box.height - 34
  const signed = series.map(({ name, line }) => {
    const field = fieldOf(panel, name)
    const sign = field.custom.get('custom.transform') === 'negative-Y' ? -1 : 1
    return { name, field, points: line.points.map(([at, value]) => [at, sign * value] as const) }
  })
  const values = signed.flatMap(({ points }) => points.map(([, value]) => value))
  const { min, max, ticks } = scaleOf(values, panel.fieldConfig.defaults)
  const x = (at: number) =>
    margin.left + ((at - range.from) / (range.to - range.from)) * (box.width - margin.left - margin.right)
  const y = (value: number) =>
    margin.top + (1 - (value - min) / (max - min)) * (height - margin.top - margin.bottom)
  const isStepped = JSON.stringify(panel.fieldConfig).includes('"stepAfter"')
  const grid = ticks.map((tick) => {
    const label = show(fieldOf(panel, ''), Math.abs(tick), range.to).text
    return `<line x1="${margin.left}" x2="${box.width - margin.right}" y1="${y(tick)}" y2="${y(tick)}" stroke="var(--grid)"/>
<text x="${margin.left - 6}" y="${y(tick) + 4}" text-anchor="end">${escapeHtml(label)}</text>`
  })
  const paths = signed.map(({ field, points }, index) => {
    const dash = JSON.stringify(field.custom.get('custom.lineStyle') ?? '').includes('dash')
      ? 'stroke-dasharray="7 6"'
      : ''
    return `<path d="${pathOf(points, x, y, isStepped)}" fill="none" stroke="${lineColour(index)}" stroke-width="1.8" ${dash}/>`
  })
  const shading = shadesIn(shades, x, margin.top, height - margin.bottom)
  const svg = `<svg viewBox="0 0 ${box.width} ${height}">${shading}${grid.join('')}${timeAxis(range, x, height)}${paths.join('')}</svg>`
  const legend = signed.map(({ name, field, points }, index) => {
    const last = Math.abs(points.at(-1)?.[1] ?? Number.NaN)
    return `<span><i style="background:${lineColour(index)}"></i>${escapeHtml(name)} <b>${escapeHtml(show(field, last, range.to).text)}</b></span>`
  })
  return `${svg}<div class="legend">${legend.join('')}</div>`
}

const lineColour = (index: number) => lineColours[index % lineColours.length] ?? ''

function pathOf(
  points: Line['points'],
  x: (at: number) => number,
  y: (value: number) => number,
  isStepped: boolean,
): string {
  return points
    .map(([at, value], index) => {
      const place = `${x(at).toFixed(1)},${y(value).toFixed(1)}`
      if (index === 0) return `M${place}`
      return isStepped ? `H${x(at).toFixed(1)}V${y(value).toFixed(1)}` : `L${place}`
    })
    .join('')
}

type Limits = { readonly min?: number; readonly max?: number; readonly unit?: string }

function scaleOf(values: readonly number[], limits: Limits) {
  const low = limits.min ?? Math.min(0, ...values)
  const high = limits.max ?? Math.max(...values, low + 1e-9)
  const rough = (high - low) / 4
  const base =
    limits.unit === 'bytes' || limits.unit === 'binBps'
      ? 1024 ** Math.floor(Math.log(rough) / Math.log(1024))
      : 1
  const power = base * 10 ** Math.floor(Math.log10(rough / base))
  const step = power * ([1, 2, 2.5, 5, 10].find((factor) => factor * power >= rough) ?? 10)
  const first = Math.floor(low / step) * step
  const ticks = Array.from(
    { length: Math.ceil((high - first) / step - 1e-9) + 1 },
    (_, index) => first + index * step,
  )
  return { min: first, max: ticks.at(-1) ?? high, ticks }
}

function timeAxis(range: TimeRange, x: (at: number) => number, height: number): string {
  const steps = [60, 300, 600, 1800, 3600, 10_800, 21_600, 86_400]
  const step = steps.find((seconds) => (range.to - range.from) / seconds <= 8) ?? 604_800
  const times: number[] = []
  for (let at = Math.ceil(range.from / step) * step; at < range.to; at += step) times.push(at)
  return times
    .map(
      (at) =>
        `<text x="${x(at)}" y="${height - 5}" text-anchor="middle">${new Date(at * 1000).toISOString().slice(11, 16)}</text>`,
    )
    .join('')
}

function shadesIn(shades: readonly Shade[], x: (at: number) => number, top: number, bottom: number): string {
  return shades
    .map(({ from, to, colour }) => {
      const width = Math.max(1, x(to) - x(from))
      return `<rect x="${x(from)}" y="${top}" width="${width}" height="${bottom - top}" fill="${colourOf(colour)}" opacity="0.1"/>`
    })
    .join('')
}

/** Draws a state timeline: a band per series, with the mappings' texts and colours. */
export function bands(
  panel: Panel,
  series: readonly Series[],
  shades: readonly Shade[],
  range: TimeRange,
  box: Box,
): string {
  const left = Math.min(320, box.width / 3)
  const x = (at: number) =>
    left + ((at - range.from) / (range.to - range.from)) * (box.width - left - margin.right)
  const pitch = (box.height - margin.bottom - margin.top) / Math.max(1, series.length)
  const field = fieldOf(panel, '')
  const rows = series.map(({ name, line }, row) => {
    const top = margin.top + row * pitch
    const rects = runsOf(line).map(({ from, to, value }) => {
      const { text, colour } = show(field, value, range.to)
      const width = x(to) - x(from)
      const label =
        width > text.length * 8
          ? `<text x="${x(from) + 6}" y="${top + pitch / 2 + 4}" style="fill:#fff">${escapeHtml(text)}</text>`
          : ''
      return `<rect x="${x(from)}" y="${top + 2}" width="${width}" height="${pitch - 4}" fill="${colourOf(colour)}" opacity="0.9"/>${label}`
    })
    return `<text x="${left - 8}" y="${top + pitch / 2 + 4}" text-anchor="end">${escapeHtml(name)}</text>${rects.join('')}`
  })
  const shading = shadesIn(shades, x, margin.top, box.height - margin.bottom)
  return `<svg viewBox="0 0 ${box.width} ${box.height}">${rows.join('')}${shading}${timeAxis(range, x, box.height)}</svg>`
}

type RunOfValues = { from: number; to: number; value: number }

function runsOf({ points }: Line): readonly RunOfValues[] {
  const step = (points[1]?.[0] ?? 0) - (points[0]?.[0] ?? 0)
  const runs: RunOfValues[] = []
  for (const [at, value] of points) {
    const last = runs.at(-1)
    if (last !== undefined && last.value === value && at - last.to <= step * 1.5) last.to = at
    else {
      if (last !== undefined && at - last.to <= step * 1.5) last.to = at
      runs.push({ from: at, to: at, value })
    }
  }
  return runs
}
