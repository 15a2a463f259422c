// Draws a plot as SVG, without a browser.

import * as Plot from '@observablehq/plot'
import { parseHTML } from 'linkedom'
import type { Axis, Plot as PlotData } from './bench.ts'

const size = { width: 720, height: 400, marginLeft: 64, marginRight: 120, marginBottom: 44 } as const

/** The text of the SVG file; each line has its name at its end. */
export function svgOf({ title, x, y, lines }: PlotData): string {
  const points = lines.flatMap(({ name, points }) => points.map(([at, value]) => ({ name, at, value })))
  const { document } = parseHTML('<!doctype html><html><body></body></html>')
  const svg = Plot.plot({
    document,
    ...size,
    style: { background: 'white', color: 'black' },
    x: axisOf(x),
    y: { ...axisOf(y), zero: y.scale === 'linear' },
    color: { scheme: 'Observable10' },
    marks: [
      Plot.line(points, { x: 'at', y: 'value', stroke: 'name' }),
      Plot.dot(points, { x: 'at', y: 'value', fill: 'name', r: 2 }),
      Plot.text(
        points,
        Plot.selectLast({ x: 'at', y: 'value', z: 'name', text: 'name', fill: 'name', ...besideTheLine }),
      ),
    ],
  })
  svg.setAttribute('xmlns', 'http://www.w3.org/2000/svg')
  svg.setAttribute('aria-label', title)
  return `${svg.outerHTML}\n`
}

const besideTheLine = { textAnchor: 'start', dx: 6 } as const

function axisOf({ label, scale }: Axis) {
  return { label, type: scale, grid: true, ...(scale === 'log' && { tickFormat: ',d' }) } as const
}
