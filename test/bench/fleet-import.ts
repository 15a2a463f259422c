// How many agents one VictoriaMetrics bears into whose import they push, without a gateway.

import { join } from 'node:path'
import { tool } from '../support/tools.ts'
import type { Bench, Result } from './bench.ts'
import { measureImport } from './fleet/import.ts'
import { measureDisk } from './fleet/import-disk.ts'
import { withFolder } from './measure.ts'
import { tableOf } from './table.ts'

async function measure(folder: string): Promise<Result> {
  tool('victoria-metrics')
  const rows = [...(await measureDisk(join(folder, 'disk')))]
  for (const agents of [1000, 10_000]) {
    // The parts take minutes each.
    for await (const part of measureImport(join(folder, String(agents)), agents)) {
      process.stdout.write(tableOf({ rows: part, verdicts: [] }))
      rows.push(...part)
    }
  }
  return { rows, verdicts: [] }
}

export const fleetImport: Bench = {
  name: 'fleet-import',
  question: '1,000 and 10,000 agents of 20 sources against the import of one VictoriaMetrics',
  run: () => withFolder(measure),
}
