// What the stack of deploy/compose.yaml is asked from its room.

import type { Room } from './stack-room.ts'
import { waitFor } from './wait.ts'

/** The names of the stack's containers, without `kopia-`. */
export const parts = [
  'prometheus',
  'pushgateway',
  'alertmanager',
  'node-exporter',
  'grafana',
  'metrics-agent',
]

/** Flags of curl, and where Prometheus is. */
export type Door = { readonly flags: string; readonly url: string }
export const openDoor: Door = { flags: '', url: 'http://localhost:9090' }

/** The JSON that a page answers; rejects where it does not. */
export async function ask(room: Room, path: string, { flags, url }: Door = openDoor) {
  return JSON.parse(await room.must(`curl --silent --show-error --fail ${flags} '${url}${path}'`))
}

export type Result = { readonly metric: Record<string, string>; readonly value: [number, string] }

/** An instant query of Prometheus. */
export async function query(room: Room, expression: string, door?: Door): Promise<readonly Result[]> {
  return (await ask(room, `/api/v1/query?query=${encodeURIComponent(expression)}`, door)).data.result
}

/** Waits until Prometheus has scraped all of these jobs well. */
export async function targetsUp(room: Room, jobs: readonly string[], door?: Door): Promise<void> {
  await waitFor(`${jobs.join(', ')} are up`, async () => {
    const targets: { labels: { job: string }; health: string }[] = (await ask(room, '/api/v1/targets', door))
      .data.activeTargets
    const found = targets.map(({ labels, health }) => `${labels.job} ${health}`).sort()
    return found.join() === jobs.map((job) => `${job} up`).join() || undefined
  })
}

/** Podman runs no health check by itself where no systemd is. */
export async function allHealthy(room: Room, names = parts): Promise<void> {
  for (const name of names) {
    await waitFor(`kopia-${name} is healthy`, async () =>
      (await room.run(`podman healthcheck run kopia-${name}`)).exitCode === 0 ? true : undefined,
    )
  }
}

/** Waits until what the agent has just pushed came through the gateway. */
export async function seenFromAgent(room: Room, door?: Door): Promise<void> {
  await waitFor("the agent's push is in Prometheus", async () =>
    (await query(room, 'time() - push_time_seconds{instance="kopia"} < 60', door)).length > 0
      ? true
      : undefined,
  )
}
