// A site of a fleet: a machine with backups, its agent, gateway and Prometheus, and the connection to the central store.

import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { cleanUpAfter } from '../cleanup.ts'
import { type FaultProxy, startFaultProxy } from '../fault-proxy.ts'
import { createLab, type Lab } from '../lab.ts'
import { type Service, startNodeExporter, startPrometheus } from '../stack.ts'
import { toFleetOf } from './page.ts'

export type Site = {
  readonly name: string
  readonly lab: Lab
  readonly prometheus: Service
  /** The connection between the site's Prometheus and the store. */
  readonly line: FaultProxy
}

/** Where the sites write to. */
export type Destination = {
  readonly port: number
  /** The section of deploy/FLEET.md with the `remote_write` for this store, if it has one of its own. */
  readonly heading?: string
  /** The Prometheus of the sites. */
  readonly program?: 'prometheus' | 'prometheus3'
}

/** Starts a site. The machines of all sites have the same host name and instance, so only the label `site` differs. */
export async function openSite(
  context: TestContext,
  name: string,
  store: Destination,
  speed: number,
): Promise<Site> {
  const lab = await createLab(context)
  const line = await startFaultProxy(context, store.port)
  const nodeExporter = await startNodeExporter()
  cleanUpAfter(context, () => nodeExporter.stop())
  const toFleet = await toFleetOf(name, line.url, store.heading)
  const targets = { gateway: lab.gateway, nodeExporter, toFleet }
  const prometheus = await startPrometheus(join(lab.folder, 'prometheus'), targets, speed, store.program)
  cleanUpAfter(context, () => prometheus.stop())
  const everyFiveSeconds = '*/5 * * * * *'
  await lab.startAgent({
    KOPIA_METRICS_INSTANCE: 'vm',
    KOPIA_METRICS_REFRESH_SCHEDULE: everyFiveSeconds,
    KOPIA_METRICS_REPOSITORY_SCHEDULE: everyFiveSeconds,
  })
  return { name, lab, prometheus, line }
}
