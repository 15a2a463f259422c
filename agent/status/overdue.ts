// Decides when a source is overdue, with the figures of the alert KopiaBackupOverdue (rules/kopia_alerts.yml).

import type { ExpectedInterval } from '../ledger/expected-interval.ts'
import { type UptimeQuarters, uptimeSecondsSince } from '../ledger/uptime.ts'

const hour = 3600
const day = 86_400

/** Overdue is a source whose last success is older than `factor` times its expected interval plus `slackSeconds`. */
export const overdueMargin = { factor: 1.5, slackSeconds: hour } as const

/**
 * A learned interval does not include nights and weekends off. A source with one is overdue only if it succeeded both one
 * week and two weeks ago at a time of the week between its last success plus `jitter` and now minus `looseSeconds`. If no
 * success from two weeks ago is known, `withoutHistory` applies instead.
 */
export const learnedMargin = {
  looseSeconds: 3 * hour,
  jitter: { factor: 0.5, slackSeconds: hour, mostSeconds: 12 * hour },
  withoutHistory: { factor: 4, slackSeconds: 3 * day },
} as const

/** For a source without a known interval. */
export const assumedMarginSeconds = 46.5 * day
/** How long a machine that sleeps must have been up since the source was due. */
export const uptimeMarginSeconds = 4 * hour

/** Times in Unix seconds. */
type Expectation = {
  /** When the source was first seen, if it never succeeded. */
  readonly lastSuccessAt: number
  readonly interval: ExpectedInterval | undefined
  /** Ends of the known successes, oldest first. */
  readonly successes: readonly number[]
  /** Undefined if the machine is always on. */
  readonly uptimeQuarters: UptimeQuarters | undefined
}

/** Returns since when the source is overdue, with the margin; undefined if it is not. */
export function overdueSince(expectation: Expectation, at: number): number | undefined {
  const { lastSuccessAt, interval, uptimeQuarters } = expectation
  if (uptimeQuarters !== undefined)
    return interval && overdueByUptime(expectation, overdueFrom(lastSuccessAt, interval), at)
  if (interval === undefined) return ifPast(lastSuccessAt + assumedMarginSeconds, at)
  if (interval.origin === 'policy') return ifPast(overdueFrom(lastSuccessAt, interval), at)
  return overdueByHistory(expectation, interval, at)
}

function overdueFrom(lastSuccessAt: number, { seconds }: ExpectedInterval): number {
  return lastSuccessAt + overdueMargin.factor * seconds + overdueMargin.slackSeconds
}

function overdueByUptime({ uptimeQuarters = [] }: Expectation, from: number, at: number): number | undefined {
  return uptimeSecondsSince(uptimeQuarters, from) > uptimeMarginSeconds ? ifPast(from, at) : undefined
}

function overdueByHistory(
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
    return ifPast(lastSuccessAt + withoutHistory.factor * interval.seconds + withoutHistory.slackSeconds, at)
  }
  const succeededInBetween = Math.min(one, two) > lastSuccessAt + jitterSeconds
  return succeededInBetween ? ifPast(overdueFrom(lastSuccessAt, interval), at) : undefined
}

function ifPast(time: number, at: number): number | undefined {
  return time < at ? time : undefined
}
