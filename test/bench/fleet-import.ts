// How many agents one VictoriaMetrics bears into whose import they push, without a gateway.

import { join } from 'node:path'
import { tool } from '../support/tools.ts'
import type { Bench, Result } from './bench.ts'
import { measureImport } from './fleet/import.ts'
import { measureDisk } from './fleet/import-disk.ts'
import { withFolder } from './measure.ts'

async function measure(folder: string): Promise<Result> {
  tool('victoria-metrics')
  const rows = [
    ...(await measureDisk(join(folder, 'disk'))),
    ...(await measureImport(join(folder, '1000'), 1000)),
    ...(await measureImport(join(folder, '10000'), 10_000)),
  ]
  return { rows, verdicts: [] }
}

export const fleetImport: Bench = {
  name: 'fleet-import',
  question: '1,000 and 10,000 agents of 20 sources against the import of one VictoriaMetrics',
  run: () => withFolder(measure),
}
