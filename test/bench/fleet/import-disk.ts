// What a day of heartbeats takes on the disk of a VictoriaMetrics.

import { scrape } from '../../support/prometheus.ts'
import type { Service } from '../../support/stack.ts'
import type { Row } from '../bench.ts'
import { cheapPush, readyRequest } from './cheap-push.ts'
import { importPath, startStore } from './import.ts'
import { heartbeatSeconds } from './pushing.ts'
import { instanceOf } from './simulated-agent.ts'
import { templateOf } from './template.ts'

const agents = 20
const hour = 3600
const timeoutMs = 120_000

/**
 * Imports a day of heartbeats of some agents, with their times. Each hour the agent's own code makes the text anew; within
 * an hour only the time of the text changes, as it does in most heartbeats.
 */
export async function measureDisk(folder: string): Promise<readonly Row[]> {
  const store = await startStore(folder)
  try {
    const now = Math.floor(Date.now() / 1000 / hour) * hour
    for (let from = now - 24 * hour; from < now; from += hour) {
      for (let number = 0; number < agents; number += 1) await pushHour(store, number, from)
    }
    await fetch(`${store.url}/internal/force_flush`)
    await fetch(`${store.url}/internal/force_merge`)
    const { rows, dataBytes } = await storedIn(store)
    return [
      { what: 'a day of heartbeats: samples of an agent', unit: 'samples', values: [rows / agents] },
      { what: 'a day of heartbeats: disk of an agent', unit: 'MiB', values: [dataBytes / agents / 2 ** 20] },
      { what: 'a day of heartbeats: bytes of a sample', unit: '', values: [dataBytes / rows] },
    ]
  } finally {
    await store.stop()
  }
}

async function pushHour(store: Service, number: number, from: number): Promise<void> {
  const template = await templateOf(number, from)
  const instance = instanceOf(number)
  const { signal } = new AbortController()
  for (let at = from; at < from + hour; at += heartbeatSeconds) {
    const request = readyRequest(
      store.url + importPath,
      instance,
      template(instance, at),
      `?timestamp=${at * 1000}`,
    )
    const result = await cheapPush(request, '127.0.0.1', timeoutMs, signal)
    if (!result.ok) throw new Error(`the push of ${instance} failed: ${result.reason}`)
  }
}

/** The samples in the store, and their bytes without those of the index. */
async function storedIn(store: Service): Promise<{ readonly rows: number; readonly dataBytes: number }> {
  const page = await scrape(store.url)
  const sum = (name: string) =>
    (page.get(name) ?? [])
      .filter(({ labels }) => labels.type?.startsWith('storage/'))
      .reduce((total, { value }) => total + value, 0)
  return { rows: sum('vm_rows'), dataBytes: sum('vm_data_size_bytes') }
}
