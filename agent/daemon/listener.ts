// The agent's own web address: the metrics text and the status page, as the web server asks for them.

import type { Ledger } from '../ledger/ledger.ts'
import type { MetricsRegistry } from '../metrics/registry.ts'
import type { RepositoryQueries } from '../reconcile/repository-queries.ts'
import { isLoopback } from '../settings/formats.ts'
import type { Settings } from '../settings/settings.ts'
import type { Log } from '../util/log.ts'
import { type Progress, type Reply, startWebServer, type WebServer } from '../web/server.ts'
import type { Publisher } from './publisher.ts'

type ListenerOptions = {
  readonly settings: Pick<Settings, 'listen' | 'webLogin' | 'webAllowedHosts' | 'instance' | 'limits'>
  readonly version: string
  readonly ledger: Ledger
  readonly runningSince: () => ReadonlyMap<string, number>
  readonly metrics: Pick<MetricsRegistry, 'text' | 'contentType'>
  readonly progress: () => Progress
  readonly repositoryQueries: Pick<RepositoryQueries, 'isReachable'>
  readonly publisher: Pick<Publisher, 'pushFault'>
  readonly nowSeconds: () => number
  readonly log: Log
}

/** Starts to listen where an address is set; rejects where the address is in use. */
export async function startListener(options: ListenerOptions): Promise<WebServer | undefined> {
  const { settings, metrics, log } = options
  const { listen: address, webLogin } = settings
  if (address === undefined) return undefined
  const server = await startWebServer({
    ...address,
    allowedHosts: settings.webAllowedHosts,
    login: webLogin,
    metrics: () => ({ status: 200, contentType: metrics.contentType, body: metrics.text() }),
    page: (query) => pageOf(options, query),
    progress: options.progress,
    onError: (error) => log.warn(`The web listener: ${error}`),
  })
  if (webLogin === undefined && !isLoopback(address.host)) {
    log.warn(
      `Everybody who reaches ${address.host} may read /metrics: set web_username and web_password_file.`,
    )
  }
  log.info(`Listening on http://${address.host}:${server.port}/metrics.`)
  return server
}

/** The page's words for times and numbers load ICU's tables (8 MiB): only for those who look. */
async function pageOf(options: ListenerOptions, query: URLSearchParams): Promise<Reply> {
  const { pageReply } = await import('../web/status-page.ts')
  return pageReply({
    ledger: options.ledger,
    limits: options.settings.limits,
    runningSince: options.runningSince(),
    at: options.nowSeconds(),
    instance: options.settings.instance,
    version: options.version,
    faults: faultsOf(options),
    query,
  })
}

function faultsOf({ progress, repositoryQueries, publisher }: ListenerOptions): readonly string[] {
  const reason = publisher.pushFault()
  return [
    ...(progress() === 'up to date' ? [] : ['What happened before the agent started is still being read.']),
    ...(repositoryQueries.isReachable() === false
      ? ["Kopia can't be asked for the repository; see the agent's log."]
      : []),
    ...(reason === undefined ? [] : [`Pushing to the gateway fails and is tried again: ${reason}`]),
  ]
}
