// A real VictoriaMetrics, as a store that several sites write to.

import { join } from 'node:path'
import { freePort } from '../processes.ts'
import { type Service, startService } from '../stack.ts'
import { tool } from '../tools.ts'

/** Single-node: vminsert, vmselect and vmstorage of the cluster in one program. */
export async function startVictoriaMetrics(folder: string): Promise<Service> {
  return startService('victoria-metrics', await freePort(), '/health', (address) => [
    tool('victoria-metrics'),
    `-storageDataPath=${join(folder, 'victoria-metrics')}`,
    `-httpListenAddr=${address}`,
    '-retentionPeriod=100d',
    // What is newer than this is left out of graphs; 30 s by default.
    '-search.latencyOffset=0s',
    // A graph's lines go on over a gap of so long, as in Prometheus; otherwise over about two scrapes.
    '-search.minStalenessInterval=5m',
    // Answers about the last minutes change while a site that was away catches up.
    '-search.disableCache',
  ])
}
