// What the report says of each doubt: in the first line, and below it with what to do. Pure.

import { visible } from '../status/words.ts'
import type { DateWords } from './dates.ts'
import type { Doubt } from './doubts.ts'

/** As it stands in the first line. */
export function shortDoubt(doubt: Doubt, dates: DateWords): string {
  switch (doubt.kind) {
    case 'no ledger':
      return visible(doubt.reason)
    case 'clock':
      return `the ledger is of a time that has not come yet (${dates.exact(doubt.at)})`
    case 'stale':
      return `the agent is silent since ${dates.exact(doubt.since)}`
    case 'repository':
      return doubt.since === undefined
        ? 'Kopia has not shown the repository yet'
        : `the repository cannot be asked since ${dates.exact(doubt.since)}`
    case 'no source':
      return 'no source has been seen yet'
  }
}

/** What is wrong and what to do, as a sentence. */
export function doubtWords(doubt: Doubt, dates: DateWords): string {
  const words = shortDoubt(doubt, dates)
  const sentence = words.charAt(0).toUpperCase() + words.slice(1)
  switch (doubt.kind) {
    case 'no ledger':
      return sentence
    case 'clock':
      return `${sentence}. Was the clock set back? What follows is what was known then.`
    case 'stale':
      return doubt.agent === 'running'
        ? `${sentence}, though its process runs: see its log. What follows is what it knew then.`
        : `${sentence}: it does not run. Start it, or run "kopia-metrics-agent push" before the report. What follows is what it knew then.`
    case 'repository':
      return `${sentence}: run "kopia-metrics-agent check". What follows is what logs and earlier answers say.`
    case 'no source':
      return `${sentence}. A source is known with its first snapshot, or with the first attempt at one.`
  }
}
