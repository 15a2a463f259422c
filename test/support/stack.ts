// Starts the real services around the agent, each on a free port of 127.0.0.1, with its data in the caller's folder.

import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse, stringify } from 'yaml'
import { fasterRules } from './faster-rules.ts'
import { freePort, type Running, start } from './processes.ts'
import { alertsFile } from './rules.ts'
import { projectFolder, tool } from './tools.ts'
import { waitFor } from './wait.ts'

export type Service = Running & { readonly port: number; readonly url: string }

/** Starts a Pushgateway that loses its data when it stops. */
export async function startPushgateway(port?: number): Promise<Service> {
  return startService('pushgateway', port ?? (await freePort()), '/-/ready', (address) => [
    tool('pushgateway'),
    `--web.listen-address=${address}`,
    // Debian's Pushgateway stores its data in /var/lib by default.
    '--persistence.file=',
  ])
}

export const gatewayUser = { username: 'agent', password: 'correct horse' } as const

/** Starts a Pushgateway that requires the password of `gatewayUser` (exporter-toolkit, "web configuration"). */
export async function startGuardedPushgateway(folder: string): Promise<Service> {
  const configuration = join(folder, 'web.yml')
  // The bcrypt hash of the password.
  const hash = '$2b$04$BSv1n3zwJji/HhnERY3P6OmZOBUwdEYMMpio9mDxeSNwOfMe71zoq'
  await writeFile(configuration, `basic_auth_users:\n  ${gatewayUser.username}: ${hash}\n`)
  const pair = Buffer.from(`${gatewayUser.username}:${gatewayUser.password}`).toString('base64')
  return startService(
    'pushgateway',
    await freePort(),
    '/-/ready',
    (address) => [
      tool('pushgateway'),
      `--web.listen-address=${address}`,
      `--web.config.file=${configuration}`,
      '--persistence.file=',
    ],
    {},
    { authorization: `Basic ${pair}` },
  )
}

export async function startNodeExporter(): Promise<Service> {
  return startService('node-exporter', await freePort(), '/', (address) => [
    tool('node_exporter'),
    `--web.listen-address=${address}`,
  ])
}

export type PrometheusTargets = {
  readonly gateway: Service
  readonly nodeExporter: Service
  /** Without an Alertmanager, Prometheus only shows the alerts. */
  readonly alertmanager?: Service
  /** Further configuration of a site in a fleet. */
  readonly toFleet?: ToFleet
}

/** The blocks of Prometheus's configuration by which a site writes to the store of a fleet. */
export type ToFleet = {
  readonly externalLabels: Readonly<Record<string, string>>
  readonly remoteWrite: readonly Readonly<Record<string, unknown>>[]
}

/**
 * Starts Prometheus with the project's configuration and rules. Only the addresses are replaced, and all durations are
 * divided by `speed`, so that an alert that takes minutes fires in seconds.
 */
export async function startPrometheus(
  folder: string,
  targets: PrometheusTargets,
  speed: number,
  program: 'prometheus' | 'prometheus3' = 'prometheus',
): Promise<Service> {
  await mkdir(join(folder, 'rules'), { recursive: true })
  const rules = fasterRules(await readFile(alertsFile, 'utf8'), speed)
  await writeFile(join(folder, 'rules', 'kopia_alerts.yml'), rules)
  const configuration = await readFile(join(projectFolder, 'deploy/prometheus/prometheus.yml'), 'utf8')
  const configurationPath = join(folder, 'prometheus.yml')
  const port = await freePort()
  await writeFile(configurationPath, localConfiguration(configuration, targets, port))
  return startService('prometheus', port, '/-/ready', (address) => [
    tool(program),
    `--config.file=${configurationPath}`,
    `--storage.tsdb.path=${join(folder, 'data')}`,
    // Prometheus repeats an alert that fired before it found Alertmanager after this delay, a minute by default.
    '--rules.alert.resend-delay=5s',
    `--web.listen-address=${address}`,
  ])
}

type Configuration = {
  global: Record<string, unknown>
  remote_write?: ToFleet['remoteWrite']
  alerting?: { alertmanagers: { static_configs: { targets: string[] }[] }[] }
  scrape_configs: { static_configs: { targets: string[] }[] }[]
}

function localConfiguration(
  text: string,
  { gateway, nodeExporter, alertmanager, toFleet }: PrometheusTargets,
  ownPort: number,
): string {
  const addresses: Record<string, string> = {
    'kopia-exporter:9091': `127.0.0.1:${gateway.port}`,
    'node-exporter:9100': `127.0.0.1:${nodeExporter.port}`,
    'localhost:9090': `127.0.0.1:${ownPort}`,
  }
  const configuration: Configuration = parse(text)
  configuration.global = { scrape_interval: '1s', evaluation_interval: '1s' }
  if (alertmanager === undefined) delete configuration.alerting
  else configuration.alerting = alertingBy(`127.0.0.1:${alertmanager.port}`)
  if (toFleet !== undefined) {
    configuration.global.external_labels = toFleet.externalLabels
    configuration.remote_write = toFleet.remoteWrite
  }
  for (const group of configuration.scrape_configs.flatMap((job) => job.static_configs)) {
    group.targets = group.targets.map((target) => addresses[target] ?? target)
  }
  return stringify(configuration)
}

function alertingBy(address: string): NonNullable<Configuration['alerting']> {
  return { alertmanagers: [{ static_configs: [{ targets: [address] }] }] }
}

export type AgentFolders = { readonly stateDirectory: string; readonly kopiaEnvironment: NodeJS.ProcessEnv }

/** The agent's entry for tests: its sources, which run on the Node that runs the tests. */
export const agentEntry = join(projectFolder, 'agent/main.ts')

/** Starts the agent's `run` by `command`, with further settings as environment variables. */
export async function startAgent(
  folders: AgentFolders,
  settings: NodeJS.ProcessEnv,
  command: readonly string[] = [process.execPath, agentEntry],
  isReady: IsReady = isUpToDate,
): Promise<Service> {
  const environment = {
    ...folders.kopiaEnvironment,
    KOPIA_METRICS_KOPIA_BIN: tool('kopia'),
    KOPIA_METRICS_STATE_DIR: folders.stateDirectory,
    ...settings,
  }
  return startService(
    'agent',
    await freePort(),
    '/-/ready',
    (address) => [...command, 'run', `--listen=${address}`],
    environment,
    {},
    isReady,
  )
}

/** Decides from an answer of a service whether it is ready for the test. */
export type IsReady = (answer: Response) => Promise<boolean> | boolean

export const hasSucceeded: IsReady = ({ ok }) => ok

/** The agent is ready and has processed everything from before its start, so a test sees complete figures. */
export async function isUpToDate(ready: Response): Promise<boolean> {
  return (await ready.text()) === 'kopia-metrics-agent is ready.\n'
}

/** Starts a service that listens, and resolves when it is ready. */
export async function startService(
  name: string,
  port: number,
  readyPath: string,
  commandFor: (address: string) => readonly string[],
  environment: NodeJS.ProcessEnv = {},
  headers: Readonly<Record<string, string>> = {},
  isReady: IsReady = hasSucceeded,
): Promise<Service> {
  const [file = '', ...parameters] = commandFor(`127.0.0.1:${port}`)
  const running = start(name, file, parameters, { environment })
  const url = `http://127.0.0.1:${port}`
  const ready = waitFor(
    `${name} becomes ready`,
    async () => (await isReady(await fetch(url + readyPath, { headers }))) || undefined,
  )
  const ended = running.ended.then((code) => {
    throw new Error(`${name} ended with ${code}: ${running.output()}`)
  })
  try {
    await Promise.race([ready, ended])
  } catch (error) {
    await running.stop()
    throw error
  }
  return { ...running, port, url }
}
