// When a source counts as overdue: as the alert KopiaBackupOverdue has it (rules/kopia_alerts.yml), which a test holds.

import type { ExpectedInterval } from '../ledger/expected-interval.ts'
import { type UptimeQuarters, uptimeSecondsSince } from '../ledger/uptime.ts'

const hour = 3600
const day = 86_400

/** The last success is older than `factor` times its expected interval and `slackSeconds` more. */
export const overdueMargin = { factor: 1.5, slackSeconds: hour } as const

/**
 * An interval that was only learned says nothing of nights and weekends off. By this time of the week less `looseSeconds`,
 * one and two weeks ago, there must have been a success where there is none now, but for half an interval of jitter and an
 * hour, `mostJitterSeconds` at the most. Where two weeks back nothing is known: `factor` intervals and `slackSeconds`.
 */
export const learnedMargin = {
  looseSeconds: 3 * hour,
  jitter: { factor: 0.5, slackSeconds: hour, mostSeconds: 12 * hour },
  withoutHistory: { factor: 4, slackSeconds: 3 * day },
} as const

/** Where nothing is known of an interval. */
export const assumedMarginSeconds = 46.5 * day
/** How long a machine that sleeps must have been awake since it was due. */
export const uptimeMarginSeconds = 4 * hour

/** Times in Unix seconds. */
export type Expectation = {
  /** Or when it was first seen, if it never succeeded. */
  readonly lastSuccessAt: number
  readonly interval: ExpectedInterval | undefined
  /** Ends of the successes that are still known, oldest first. */
  readonly successes: readonly number[]
  /** Undefined where the machine is always on. */
  readonly uptimeQuarters: UptimeQuarters | undefined
}

/** Since when the source is overdue, margin included; undefined: it is not. */
export function overdueSince(expectation: Expectation, at: number): number | undefined {
  const { lastSuccessAt, interval, uptimeQuarters } = expectation
  if (uptimeQuarters !== undefined)
    return interval && overdueAsleep(expectation, overdueFrom(lastSuccessAt, interval), at)
  if (interval === undefined) return past(lastSuccessAt + assumedMarginSeconds, at)
  if (interval.origin === 'policy') return past(overdueFrom(lastSuccessAt, interval), at)
  return overdueAsLearned(expectation, interval, at)
}

function overdueFrom(lastSuccessAt: number, { seconds }: ExpectedInterval): number {
  return lastSuccessAt + overdueMargin.factor * seconds + overdueMargin.slackSeconds
}

function overdueAsleep({ uptimeQuarters = [] }: Expectation, from: number, at: number): number | undefined {
  return uptimeSecondsSince(uptimeQuarters, from) > uptimeMarginSeconds ? past(from, at) : undefined
}

function overdueAsLearned(
  expectation: Expectation,
  interval: ExpectedInterval,
  at: number,
): number | undefined {
  const { lastSuccessAt, successes } = expectation
  const { jitter, looseSeconds, withoutHistory } = learnedMargin
  const jitterSeconds = Math.min(jitter.factor * interval.seconds + jitter.slackSeconds, jitter.mostSeconds)
  const successBefore = (weeks: number) => {
    const then = successes.findLast((success) => success <= at - weeks * 7 * day - looseSeconds)
    return then === undefined ? undefined : then + weeks * 7 * day
  }
  const [one, two] = [successBefore(1), successBefore(2)]
  if (one === undefined || two === undefined) {
    return past(lastSuccessAt + withoutHistory.factor * interval.seconds + withoutHistory.slackSeconds, at)
  }
  const wasThere = Math.min(one, two) > lastSuccessAt + jitterSeconds
  return wasThere ? past(overdueFrom(lastSuccessAt, interval), at) : undefined
}

function past(moment: number, at: number): number | undefined {
  return moment < at ? moment : undefined
}
