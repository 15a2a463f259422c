// The status page as an answer. Loaded when somebody looks: words for times and numbers bring ICU's tables, 8 MiB of memory.

import type { Ledger } from '../ledger/ledger.ts'
import { statusOf } from '../status/status.ts'
import { statusPage } from './page.ts'
import type { Reply } from './server.ts'

export type PageRequest = {
  readonly ledger: Ledger
  readonly runningSince: ReadonlyMap<string, number>
  /** In Unix seconds. */
  readonly at: number
  readonly instance: string
  readonly version: string
  /** What does not work now, each a sentence. */
  readonly faults: readonly string[]
  readonly query: URLSearchParams
}

/** The page as it is at that time. */
export function pageReply({ ledger, runningSince, at, query, ...facts }: PageRequest): Reply {
  const { body, headers } = statusPage({
    ...facts,
    status: statusOf(ledger, runningSince, at),
    refresh: query.get('refresh') === 'off' ? 'off' : 'on',
  })
  return { status: 200, contentType: 'text/html; charset=utf-8', body, headers }
}
