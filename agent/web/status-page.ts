// GET / as a reply of the server. Loaded with the first request: formatting times and numbers loads 8 MiB of ICU's tables.

import type { Ledger } from '../ledger/ledger.ts'
import type { LimitSettings } from '../limits/context.ts'
import { statusOf } from '../status/status.ts'
import { statusPage } from './page.ts'
import type { Reply } from './server.ts'

type PageRequest = {
  readonly ledger: Ledger
  readonly limits: LimitSettings
  readonly runningSince: ReadonlyMap<string, number>
  /** Unix seconds. */
  readonly at: number
  readonly instance: string
  readonly version: string
  /** What does not work now, one sentence each. */
  readonly faults: readonly string[]
  readonly query: URLSearchParams
}

/** The page at the time `at`. */
export function pageReply({ ledger, limits, runningSince, at, query, ...facts }: PageRequest): Reply {
  const { body, headers } = statusPage({
    ...facts,
    status: statusOf(ledger, limits, runningSince, at),
    refresh: query.get('refresh') === 'off' ? 'off' : 'on',
  })
  return { status: 200, contentType: 'text/html; charset=utf-8', body, headers }
}
