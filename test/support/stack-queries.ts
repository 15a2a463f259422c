// Queries to the stack of deploy/compose.yaml, from within its lab.

import assert from 'node:assert/strict'
import type { StackLab } from './stack-lab.ts'
import { waitFor } from './wait.ts'

/** The services that run all the time. `setup` ends. */
export const services = [
  'alertmanager',
  'grafana',
  'kopia-metrics-agent',
  'node-exporter',
  'prometheus',
  'pushgateway',
] as const

type State = { readonly Service: string; readonly State: string; readonly Health: string }

/** What `docker compose ps` says of every container: "service state health", without spaces at the end, sorted. */
export async function statesOf(lab: StackLab): Promise<readonly string[]> {
  const lines = (await lab.must('docker compose ps --all --format json')).trim().split('\n')
  const states = lines.filter((line) => line !== '').map((line): State => JSON.parse(line))
  return states.map(({ Service, State, Health }) => `${Service} ${State} ${Health}`.trim()).sort()
}

/** The URL of Prometheus or Grafana, and curl's flags for it. */
export type Endpoint = { readonly flags: string; readonly url: string }
export const defaultEndpoint: Endpoint = { flags: '', url: 'http://localhost:9090' }

/** Fetches JSON. Rejects if the request fails. */
export async function ask(lab: StackLab, path: string, { flags, url }: Endpoint = defaultEndpoint) {
  return JSON.parse(await lab.must(`curl --silent --show-error --fail ${flags} '${url}${path}'`))
}

type Result = { readonly metric: Record<string, string>; readonly value: [number, string] }

/** Runs an instant query. */
export async function query(
  lab: StackLab,
  expression: string,
  endpoint?: Endpoint,
): Promise<readonly Result[]> {
  return (await ask(lab, `/api/v1/query?query=${encodeURIComponent(expression)}`, endpoint)).data.result
}

type Rule = { readonly name: string; readonly annotations: { readonly runbook_url?: string } }

/** Opens the link of an alert as a notification has it. It must lead below `externalUrl`, to the heading of the alert. */
export async function openRunbook(lab: StackLab, externalUrl: string, endpoint?: Endpoint): Promise<void> {
  const groups: { rules: Rule[] }[] = (await ask(lab, '/api/v1/rules?type=alert', endpoint)).data.groups
  const alert = groups.flatMap(({ rules }) => rules).find(({ name }) => name === 'KopiaBackupOverdue')
  const url = alert?.annotations.runbook_url
  assert.equal(url, `${externalUrl}/consoles/runbooks.html#kopiabackupoverdue`)
  const page = await lab.must(`curl --silent --show-error --fail ${endpoint?.flags ?? ''} '${url}'`)
  assert.match(page, /<h2 id="kopiabackupoverdue">KopiaBackupOverdue<\/h2>/)
}

/** Waits until exactly these jobs are up in Prometheus. */
export async function waitForTargets(
  lab: StackLab,
  jobs: readonly string[],
  endpoint?: Endpoint,
): Promise<void> {
  await waitFor(`${jobs.join(', ')} are up`, async () => {
    const targets: { labels: { job: string }; health: string }[] = (
      await ask(lab, '/api/v1/targets', endpoint)
    ).data.activeTargets
    const found = targets.map(({ labels, health }) => `${labels.job} ${health}`).sort()
    return found.join() === jobs.map((job) => `${job} up`).join() || undefined
  })
}

/** Waits until Compose reports every service as healthy. */
export async function waitUntilHealthy(lab: StackLab): Promise<void> {
  await waitFor('every service is healthy', async () => {
    const states = await statesOf(lab)
    return services.every((service) => states.includes(`${service} running healthy`)) || undefined
  })
}

/** Waits until Prometheus has scraped a recent push of the agent from the gateway. */
export async function waitForAgentPush(lab: StackLab, endpoint?: Endpoint): Promise<void> {
  await waitFor("the agent's push reaches Prometheus", async () =>
    (await query(lab, 'time() - push_time_seconds{instance="kopia"} < 60', endpoint)).length > 0
      ? true
      : undefined,
  )
}
