// Every bench, in the order in which `npm run bench` runs them. A new one is a module beside this and a line here.

import { backfill } from './backfill.ts'
import type { Bench } from './bench.ts'
import { fleet } from './fleet.ts'
import { readLogs } from './read-logs.ts'

export const benches: readonly Bench[] = [readLogs, backfill, fleet]
