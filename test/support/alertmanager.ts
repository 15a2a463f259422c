// Starts Alertmanager with the project's configuration, for tests.

import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse, stringify } from 'yaml'
import { freePort } from './processes.ts'
import { type Service, startService } from './stack.ts'
import { projectFolder, tool } from './tools.ts'

export type Receiver = {
  readonly name: string
  webhook_configs?: { url: string; send_resolved: boolean }[]
  email_configs?: Record<string, unknown>[]
}
export type AlertmanagerConfiguration = { route: Route; receivers: Receiver[] }
type Route = { group_wait?: string; group_interval?: string; routes?: Route[] }

/** Starts Alertmanager with the project's configuration, but with a webhook for every receiver and short waits. */
export async function startAlertmanager(folder: string, webhookUrl: string): Promise<Service> {
  const text = await readFile(alertmanagerFile, 'utf8')
  return startAlertmanagerWith(folder, text, (receiver) => {
    receiver.webhook_configs = [{ url: webhookUrl, send_resolved: true }]
  })
}

export const alertmanagerFile = join(projectFolder, 'deploy/alertmanager/alertmanager.yml')

/** Starts Alertmanager with this configuration, but with short waits and with receivers that `change` has changed. */
export async function startAlertmanagerWith(
  folder: string,
  text: string,
  change: (receiver: Receiver) => void,
): Promise<Service> {
  await mkdir(folder, { recursive: true })
  const configuration: AlertmanagerConfiguration = parse(text)
  for (const route of [configuration.route, ...(configuration.route.routes ?? [])]) {
    Object.assign(route, { group_wait: '0s', group_interval: '1s' })
  }
  for (const receiver of configuration.receivers) change(receiver)
  const configurationPath = join(folder, 'alertmanager.yml')
  await writeFile(configurationPath, stringify(configuration))
  return startService('alertmanager', await freePort(), '/-/ready', (address) => [
    tool('alertmanager'),
    `--config.file=${configurationPath}`,
    `--storage.path=${join(folder, 'data')}`,
    `--web.listen-address=${address}`,
    // No cluster: its port would be the same for all tests.
    '--cluster.listen-address=',
  ])
}
