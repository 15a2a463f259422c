// Starts a real VictoriaMetrics as the central store of several sites.

import { join } from 'node:path'
import { freePort } from '../processes.ts'
import { type Service, startService } from '../stack.ts'
import { tool } from '../tools.ts'

/**
 * Starts the single-node version, which combines the cluster's vminsert, vmselect and vmstorage. Graphs bridge gaps of
 * `bridged`, as Prometheus does with its five minutes; VictoriaMetrics's default is about two scrapes.
 */
export async function startVictoriaMetrics(folder: string, bridged = '5m'): Promise<Service> {
  return startService('victoria-metrics', await freePort(), '/health', (address) => [
    tool('victoria-metrics'),
    `-storageDataPath=${join(folder, 'victoria-metrics')}`,
    `-httpListenAddr=${address}`,
    '-retentionPeriod=100d',
    // Graphs exclude newer samples; the default is 30 s.
    '-search.latencyOffset=0s',
    `-search.minStalenessInterval=${bridged}`,
    // Results for the last minutes change while a site catches up after an outage.
    '-search.disableCache',
  ])
}
