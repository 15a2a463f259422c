// The report as JSON for scripts. Every field is declared once with its meaning; docs/report.md is made from here.

import { documented, type Field, jsonOf, objectOf } from '../status/fields.ts'
import type { DateWords } from './dates.ts'
import { doubtWords } from './doubt-words.ts'
import { headline } from './headline.ts'
import type { Report, SourceReport } from './report.ts'
import { problemsOf, warningsOf } from './words.ts'

type Whole = { readonly report: Report; readonly dates: DateWords }
type One = { readonly source: SourceReport; readonly report: Report }

const wholeFields = {
  verdict: {
    doc:
      '`good`; `attention`: a source, a command or the repository needs attention; `new`: no problem, but a source has no backup yet; `unknown`: something ' +
      'speaks against what is known, so that nothing is called good',
    value: ({ report }) => report.verdict,
  },
  headline: { doc: 'the verdict in one line', value: ({ report, dates }) => headline(report, dates) },
  instance: { doc: 'the machine', value: ({ report }) => report.instance },
  since: { doc: 'begin of the period', value: ({ report }) => isoOf(report.period.from) },
  until: {
    doc: 'end of the period, when this report was made',
    value: ({ report }) => isoOf(report.period.until),
  },
  as_of: {
    doc: 'when all that had happened was last in the ledger; null without one',
    value: ({ report }) => isoOf(report.asOf),
  },
  attempts_known_since: {
    doc: 'since when attempts are known; null if they are for the whole period',
    value: ({ report }) => isoOf(report.knownSince),
  },
  doubts: {
    doc: 'what speaks against what is known: `no ledger`, `stale`, `clock`, `repository`, `no source`',
    value: ({ report }) => report.doubts.map(({ kind }) => kind),
  },
  doubt_reasons: {
    doc: 'the same in sentences',
    value: ({ report, dates }) => report.doubts.map((doubt) => doubtWords(doubt, dates)),
  },
  warnings: {
    doc: 'everything that is wrong besides sources, in sentences; the doubts first',
    value: ({ report, dates }) => warningsOf(report, dates),
  },
  counts: {
    doc: 'number of sources that are `failing`, `overdue`, `waiting` and `fine`, as in `status --json`',
    value: ({ report }) => report.status.counts,
  },
  sources: {
    doc: 'the sources as a list, worst first; the fields of each:',
    value: ({ report }) => report.sources.map((source) => objectOf(sourceFields, { source, report })),
  },
} as const satisfies Record<string, Field<Whole>>

const sourceFields = {
  source: { doc: '`user@host:path`', value: ({ source }) => source.status.name },
  state: { doc: 'as in `status --json`', value: ({ source }) => source.status.state },
  needs_attention: {
    doc: 'whether it is failing or overdue, or its proof is overdue, or an attempt runs unusually long, or the newest snapshot is much smaller, or much of it has changed',
    value: ({ source }) => source.needsAttention,
  },
  problems: {
    doc: 'what is wrong with it, and notes about its files and its verification, in sentences',
    value: ({ source, report }) => problemsOf(source, report.status.at),
  },
  unread_files: {
    doc: 'number of files that the last attempt could not read and left out, though it succeeded: its policy ignores such errors',
    value: ({ source }) => source.unreadFiles,
  },
  attempts: {
    doc: 'number of attempts of the period by outcome: `success`, `failed`, `incomplete`',
    value: ({ source }) => source.attempts,
  },
  attempts_known_since: {
    doc: 'since when its attempts are known; null if they are for the whole period',
    value: ({ source }) => isoOf(source.knownSince),
  },
  recovered: {
    doc: 'whether attempts of the period made no complete backup, and a success followed the last of them',
    value: ({ source }) => source.hasRecovered,
  },
  last_success: { doc: 'end of the last success', value: ({ source }) => isoOf(source.status.lastSuccessAt) },
  overdue_since: {
    doc: 'since when it is overdue',
    value: ({ source }) => isoOf(source.status.overdueSince),
  },
  size_bytes: { doc: 'size of the newest complete snapshot', value: ({ source }) => source.status.sizeBytes },
  growth_bytes: {
    doc: 'by how much that is more than it was at `growth_since`; negative if it shrank; null if unknown',
    value: ({ source }) => source.growth?.bytes,
  },
  growth_since: {
    doc: 'end of the snapshot with which that is compared: the last one of a day (UTC) before the period, or the first that is known',
    value: ({ source }) => isoOf(source.growth?.since),
  },
  files: {
    doc: 'number of files in the newest complete snapshot',
    value: ({ source }) => source.status.files,
  },
  proved: {
    doc: 'when a verification last proved that it can be read back; null if none did',
    value: ({ source }) => isoOf(source.status.proof?.provedAt),
  },
  proof_overdue_since: {
    doc: 'since when that proof is overdue; null if it is not',
    value: ({ source }) => isoOf(source.status.proof?.overdueSince),
  },
} as const satisfies Record<string, Field<One>>

/** The report as JSON with a line end. Every field is always present; what is unknown is null. Times are ISO 8601 in UTC. */
export function reportJson(report: Report, dates: DateWords): string {
  return jsonOf(wholeFields, { report, dates })
}

/** Every field with its meaning, in the order of the JSON; those of a source as `sources[].name`. */
export function documentedReportFields(): readonly { readonly name: string; readonly doc: string }[] {
  return documented(wholeFields, sourceFields)
}

function isoOf(at: number | undefined): string | undefined {
  return at === undefined ? undefined : new Date(at * 1000).toISOString()
}
