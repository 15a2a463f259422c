// What one Pushgateway bears: a push and a scrape by the number of groups that it holds.

import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '../../support/processes.ts'
import { type Service, startService } from '../../support/stack.ts'
import type { ToolName } from '../../support/tools.ts'
import { tool } from '../../support/tools.ts'
import { cpuSeconds, millisecondsOf } from '../measure.ts'
import { pushOnce } from './pushing.ts'
import type { Simulated } from './simulated-agent.ts'

export type Check = 'checked' | 'unchecked'

/** Starts a gateway that saves its groups in `file`; `unchecked` means --push.disable-consistency-check. */
export async function startGateway(program: ToolName, file: string, check: Check): Promise<Service> {
  return startService(program, await freePort(), '/-/ready', (address) => [
    tool(program),
    `--web.listen-address=${address}`,
    `--persistence.file=${file}`,
    ...(check === 'unchecked' ? ['--push.disable-consistency-check'] : []),
  ])
}

/** Pushes all agents one after the other; rejects when the gateway refuses a push. */
export async function fill(gateway: Service, agents: readonly Simulated[]): Promise<void> {
  for (const agent of agents) {
    if (!(await pushOnce(gateway.url, agent)).ok) throw new Error(`the push of ${agent.instance} failed`)
  }
  await settled(gateway)
}

/** Waits until the gateway is idle: it answers an unchecked push before it has processed it. */
async function settled(gateway: Service): Promise<void> {
  let before = Number.NaN
  for (;;) {
    const now = cpuSeconds(gateway.child.pid ?? 0)
    if (now - before < 0.02) return
    before = now
    await sleep(200)
  }
}

export type PushCost = { readonly milliseconds: readonly number[]; readonly cpuMilliseconds: number }

/** Pushes groups that the gateway already holds, one after the other. */
export async function measurePushes(
  gateway: Service,
  agents: readonly Simulated[],
  pushes: number,
): Promise<PushCost> {
  const chosen = Array.from({ length: pushes }, (_, index) => agents[(index * 37) % agents.length])
  await settled(gateway)
  const before = cpuSeconds(gateway.child.pid ?? 0)
  const milliseconds: number[] = []
  for (const agent of chosen) {
    if (agent !== undefined) milliseconds.push(await millisecondsOf(() => pushOnce(gateway.url, agent)))
  }
  await settled(gateway)
  const cpu = cpuSeconds(gateway.child.pid ?? 0) - before
  return { milliseconds, cpuMilliseconds: (cpu / pushes) * 1000 }
}

export type Scrape = { readonly milliseconds: number; readonly mebibytes: number; readonly series: number }

/** Scrapes the gateway once, as Prometheus does every scrape interval. */
export async function measureScrape(gateway: Service): Promise<Scrape> {
  let text = ''
  const milliseconds = await millisecondsOf(async () => {
    text = await (await fetch(`${gateway.url}/metrics`)).text()
  })
  const series = text.split('\n').filter((line) => line.startsWith('kopia_')).length
  return { milliseconds, mebibytes: Buffer.byteLength(text) / 2 ** 20, series }
}
