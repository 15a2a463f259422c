// Reads single series of a gateway.

import { type Series, scrape } from '../prometheus.ts'
import type { Service } from '../stack.ts'
import { waitFor } from '../wait.ts'

export const everySecond = { KOPIA_METRICS_REFRESH_SCHEDULE: '* * * * * *' } as const

/** All series of a metric. */
export async function seriesOf(service: Service, name: string): Promise<readonly Series[]> {
  return (await scrape(service.url)).get(name) ?? []
}

/** The value of the first series of a metric that has these labels; undefined if there is none. */
export async function readValue(
  service: Service,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): Promise<number | undefined> {
  const series = await seriesOf(service, name)
  return series.find((each) => Object.entries(labels).every(([label, value]) => each.labels[label] === value))
    ?.value
}

/** Waits until the series has the value. */
export async function waitForValue(
  service: Service,
  expected: number,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): Promise<void> {
  await waitFor(
    `${name}${JSON.stringify(labels)} is ${expected}`,
    async () => (await readValue(service, name, labels)) === expected || undefined,
  )
}

/** Waits until the agent has asked Kopia in vain, after the moment of this call. */
export async function waitForVainQuestion(service: Service): Promise<void> {
  const failures = async () => {
    const calls = await seriesOf(service, 'kopia_agent_kopia_calls_total')
    return calls.reduce((sum, { labels, value }) => sum + (labels.result === 'failed' ? value : 0), 0)
  }
  const before = await failures()
  await waitFor('the agent asks Kopia in vain', async () => (await failures()) > before || undefined)
}

export const noAttempts = { success: 0, failed: 0, incomplete: 0 } as const
