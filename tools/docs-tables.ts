// The tables of docs/ that come from declarations: settings, metrics, fields of `status --json`.

import { definitions, type Metric } from '../agent/metrics/definitions.ts'
import { documentedReportFields } from '../agent/report/json.ts'
import { type Declaration, declarations } from '../agent/settings/schema.ts'
import { documentedFields } from '../agent/status/json.ts'

/** Every setting, for docs/settings.md. */
export function settingsTable(): string {
  const rows = Object.entries<Declaration>(declarations).map(
    ([name, { environment, default: fallback, doc }]) => [
      `\`${environment}\``,
      `\`${name}\``,
      fallback === '' ? '–' : `\`${fallback}\``,
      doc,
    ],
  )
  return markdownTable(['environment variable', 'key in the file', 'default', 'meaning'], rows)
}

/** Every metric, for docs/metrics.md. */
export function metricsTable(): string {
  const rows = Object.entries<Metric>(definitions).map(([name, { type, labels, help }]) => [
    `\`${name}\``,
    type,
    labels.join(', ') || '–',
    help,
  ])
  return markdownTable(['metric', 'type', 'labels', 'meaning'], rows)
}

/** Every field of `status --json`, for docs/status-json.md. */
export function statusTable(): string {
  const rows = documentedFields().map(({ name, doc }) => [`\`${name}\``, doc])
  return markdownTable(['field', 'meaning'], rows)
}

/** Every field of `report --format=json`, for docs/report.md. */
export function reportTable(): string {
  const rows = documentedReportFields().map(({ name, doc }) => [`\`${name}\``, doc])
  return markdownTable(['field', 'meaning'], rows)
}

/** A Markdown table; a `|` inside a cell is escaped, because it would start a new cell. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [line(head), `|${head.map(() => '---').join('|')}|`, ...rows.map(line)].join('\n')
}
