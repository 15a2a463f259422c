// report: says what was backed up in a period, and how things stand, from the ledger; for people, mail programs and scripts.

import { randomUUID } from 'node:crypto'
import { createLedger, emptyLedger, type Ledger } from '../ledger/ledger.ts'
import { lockHolder } from '../ledger/lock.ts'
import { dateWordsIn } from '../report/dates.ts'
import { asOfOf, type Doubt, doubtsAbout } from '../report/doubts.ts'
import { reportHtml } from '../report/html.ts'
import { reportJson } from '../report/json.ts'
import { reportMail } from '../report/mail.ts'
import { type Report, reportOf } from '../report/report.ts'
import { reportText } from '../report/text.ts'
import { ConfigError } from '../settings/config-error.ts'
import { parseDurationMs } from '../settings/formats.ts'
import type { Settings } from '../settings/settings.ts'
import { statusOf } from '../status/status.ts'
import { choiceOf, reportFormats } from './choices.ts'
import { createLiveLedger } from './live-ledger.ts'

type ReportFormat = (typeof reportFormats)[number]

const shortestSeconds = 3600
const longestSeconds = 366 * 86_400

/** Parses `--since`, such as `7d`, `24h` or `4w`, into seconds; throws a ConfigError for anything else. */
export function parseSince(value: string): number {
  const problem = new ConfigError(
    `flag --since: expected a duration from 1h to 366d such as 7d or 4w, found "${value}"`,
  )
  const [, weeks] = /^(\d+)w$/.exec(value) ?? []
  let seconds: number
  try {
    seconds = parseDurationMs(weeks === undefined ? value : `${Number(weeks) * 7}d`) / 1000
  } catch {
    throw problem
  }
  if (seconds < shortestSeconds || seconds > longestSeconds) throw problem
  return seconds
}

/** Checks `--format`; throws a ConfigError for an unknown one. */
export function parseReportFormat(value: string): ReportFormat {
  return choiceOf(reportFormats, 'format', value)
}

type ReportOptions = { readonly sinceSeconds: number; readonly format: ReportFormat }

/**
 * Prints the report. Resolves with 0 whatever it says: a timer that fails would only hide that the report was sent. Also that
 * there is no ledger is a report.
 */
export async function reportCommand(
  settings: Settings,
  { sinceSeconds, format }: ReportOptions,
  print: (text: string) => void,
): Promise<0> {
  const report = await makeReport(settings, sinceSeconds)
  const dates = dateWordsIn(undefined, report.period.until)
  switch (format) {
    case 'text':
      print(reportText(report, dates))
      break
    case 'html':
      print(reportHtml(report, dates))
      break
    case 'json':
      print(reportJson(report, dates))
      break
    case 'mail':
      print(reportMail(report, dates, randomUUID()))
      break
  }
  return 0
}

type Known = { readonly ledger: Ledger; readonly doubts: readonly Doubt[]; readonly asOf: number | undefined }

async function makeReport(settings: Settings, sinceSeconds: number): Promise<Report> {
  const live = createLiveLedger(settings)
  const reading = await live.read()
  const runningSince = reading.kind === 'known' ? await live.runningSince() : new Map<string, number>()
  const processId = await lockHolder(settings.stateDirectory)
  const nowSeconds = Date.now() / 1000
  const known: Known =
    reading.kind === 'known'
      ? {
          ledger: reading.ledger,
          asOf: asOfOf(reading),
          doubts: doubtsAbout({
            ...reading,
            processId,
            refreshSchedule: settings.refreshSchedule,
            nowSeconds,
          }),
        }
      : {
          ledger: createLedger(emptyLedger),
          asOf: undefined,
          doubts: [{ kind: 'no ledger', reason: reading.reason }],
        }
  const status = statusOf(known.ledger, settings.limits, runningSince, nowSeconds)
  return reportOf({ ...known, status, instance: settings.instance, sinceSeconds })
}
