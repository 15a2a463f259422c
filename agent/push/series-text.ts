// Reads the series in the metrics text, as prom-client writes it: no timestamps, one sample a line.

import type { Labels } from './remote-write.ts'

/** The series of whole lines, such as `kopia_backup_status{user="ann"}`: each sample without its value. */
export function seriesIn(lines: string): readonly string[] {
  return lines
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.slice(0, line.lastIndexOf(' ')))
}

/** The labels of a series, its name as `__name__` (Prometheus, "Exposition formats": escaped are backslash, quote and new line). */
export function labelsOf(series: string): Labels {
  const [name = ''] = series.split('{', 1)
  const labels = [...series.slice(name.length).matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/gs)]
  return Object.fromEntries([
    ['__name__', name],
    ...labels.map(([, label = '', value = '']) => [
      label,
      value.replace(/\\(.)/gs, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped)),
    ]),
  ])
}
