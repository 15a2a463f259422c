// All benches, in the order in which `npm run bench` runs them. A new bench is a module beside this one and a line here.

import { backfill } from './backfill.ts'
import type { Bench } from './bench.ts'
import { commands } from './commands.ts'
import { day } from './day.ts'
import { delivery } from './delivery.ts'
import { fleet } from './fleet.ts'
import { fleetImport } from './fleet-import.ts'
import { growth } from './growth.ts'
import { hook } from './hook.ts'
import { idle } from './idle.ts'
import { pastRuns } from './past-runs.ts'
import { readLogs } from './read-logs.ts'
import { startUp } from './start.ts'
import { verify } from './verify.ts'

export const benches: readonly Bench[] = [
  hook,
  delivery,
  day,
  idle,
  commands,
  startUp,
  readLogs,
  pastRuns,
  growth,
  backfill,
  verify,
  fleet,
  fleetImport,
]
