// Starts a real VictoriaMetrics as the central store of several sites.

import { join } from 'node:path'
import { freePort } from '../processes.ts'
import { type Service, startService } from '../stack.ts'
import { tool } from '../tools.ts'

/** Starts the single-node version, which combines the cluster's vminsert, vmselect and vmstorage. */
export async function startVictoriaMetrics(folder: string): Promise<Service> {
  return startService('victoria-metrics', await freePort(), '/health', (address) => [
    tool('victoria-metrics'),
    `-storageDataPath=${join(folder, 'victoria-metrics')}`,
    `-httpListenAddr=${address}`,
    '-retentionPeriod=100d',
    // Graphs exclude newer samples; the default is 30 s.
    '-search.latencyOffset=0s',
    // Graphs bridge gaps of this length, as Prometheus does; the default is about two scrapes.
    '-search.minStalenessInterval=5m',
    // Results for the last minutes change while a site catches up after an outage.
    '-search.disableCache',
  ])
}
