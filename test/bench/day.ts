// What a day with a backup an hour costs in CPU, against polling `kopia snapshot list`; and how often Kopia is asked.

import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Cleanable } from '../support/cleanup.ts'
import { createLab, figuresAfter, type Lab } from '../support/lab.ts'
import type { Service } from '../support/stack.ts'
import { tool } from '../support/tools.ts'
import { startBuiltAgent } from './agent.ts'
import { type Bench, type BenchOptions, median, type Result } from './bench.ts'
import { cpuSeconds, cpuSecondsWithChildren, withFolder } from './measure.ts'

const backupsPerDay = 24
const pollsPerDay = (24 * 3600) / 30
const schedulesPerDay = { refresh: 24 * 12, repository: 4 } as const
const daySeconds = 24 * 3600
/** What the last backup left for the garbage collector is not what idling costs. */
const settleSeconds = 45
/** As many polls as an hour has; in the usual run fewer, each of which costs the same. */
const runs = {
  usual: { backups: 12, polls: 20, idleSeconds: 60 },
  long: { backups: 24, polls: 120, idleSeconds: 600 },
}

/** A Kopia that notes each call, and then is the real one. */
export async function countingKopia(
  folder: string,
): Promise<{ binary: string; calls: () => Promise<string[]> }> {
  const [binary, notes] = [join(folder, 'counting-kopia'), join(folder, 'calls')]
  await writeFile(notes, '')
  await writeFile(binary, `#!/bin/sh\necho "$*" >>'${notes}'\nexec '${tool('kopia')}' "$@"\n`, {
    mode: 0o755,
  })
  return { binary, calls: async () => (await readFile(notes, 'utf8')).split('\n').slice(0, -1) }
}

type Watched = {
  readonly lab: Lab
  readonly path: string
  readonly agent: Service & { readonly processId: number }
  readonly calls: () => Promise<string[]>
}

/** An agent beside a Kopia whose calls are noted; its schedules do not fall into the measuring. */
export async function watchCalls(folder: string, context: Cleanable): Promise<Watched> {
  const lab = await createLab(context)
  const { binary, calls } = await countingKopia(folder)
  const path = await lab.makeSource('photos')
  const agent = await startBuiltAgent(
    context,
    { stateDirectory: lab.stateDirectory, kopiaEnvironment: lab.kopia.environment },
    {
      KOPIA_METRICS_PUSHGATEWAY_URL: lab.gateway.url,
      KOPIA_METRICS_KOPIA_BIN: binary,
      KOPIA_METRICS_REFRESH_SCHEDULE: '0 0 1 1 *',
      KOPIA_METRICS_REPOSITORY_SCHEDULE: '0 0 1 1 *',
    },
  )
  // What it asks at its start is not asked per run; the figures of the repository come last.
  await untilQuiet(calls)
  return { lab, path, agent, calls }
}

async function untilQuiet(calls: () => Promise<string[]>): Promise<void> {
  for (;;) {
    const before = (await calls()).length
    await sleep(2000)
    if ((await calls()).length === before) return
  }
}

/** Calls of Kopia by the agent, backup by backup. */
export async function callsPerBackup({ lab, path, agent, calls }: Watched, count: number) {
  const before = (await calls()).length
  const cpu: number[] = []
  for (let backup = 1; backup <= count; backup += 1) {
    const begin = cpuSecondsWithChildren(agent.processId)
    await lab.kopia.must('snapshot', 'create', path)
    await figuresAfter(lab.gateway, path, backup)
    cpu.push(cpuSecondsWithChildren(agent.processId) - begin)
  }
  await untilQuiet(calls)
  return { calls: ((await calls()).length - before) / count, cpu }
}

async function measure(folder: string, context: Cleanable, { length }: BenchOptions): Promise<Result> {
  const { backups, polls, idleSeconds } = runs[length]
  const watched = await watchCalls(folder, context)
  const { calls, cpu } = await callsPerBackup(watched, backups)
  const { agent, lab } = watched
  await sleep(settleSeconds * 1000)
  const quietBegin = cpuSeconds(agent.processId)
  await sleep(idleSeconds * 1000)
  const idlePerDay = ((cpuSeconds(agent.processId) - quietBegin) / idleSeconds) * daySeconds
  const pushing = await cpuOf(
    () => cpuSeconds(agent.processId),
    20,
    () => fetch(`${agent.url}/metrics`).then((it) => it.text()),
  )
  const poll = await cpuOf(
    () => cpuSecondsWithChildren(process.pid),
    polls,
    () => lab.kopia.must('--disable-file-logging', 'snapshot', 'list', '--all', '--json'),
  )
  const agentDay =
    backupsPerDay * median(cpu) +
    idlePerDay +
    schedulesPerDay.refresh * pushing +
    // Status, maintenance, blobs and contents: each costs what a poll does.
    schedulesPerDay.repository * 4 * poll
  const pollerDay = pollsPerDay * poll
  return {
    rows: [
      {
        what: 'a backup, the question to Kopia included',
        unit: 'CPU ms',
        values: cpu.map((it) => it * 1000),
      },
      { what: 'a heartbeat', unit: 'CPU ms', values: [pushing * 1000] },
      { what: 'a day of nothing', unit: 'CPU s', values: [idlePerDay] },
      { what: `a day with ${backupsPerDay} backups`, unit: 'CPU s', values: [agentDay] },
      { what: 'one `kopia snapshot list`', unit: 'CPU ms', values: [poll * 1000] },
      { what: 'a day of it every 30 s', unit: 'CPU s', values: [pollerDay] },
      { what: "calls of Kopia's CLI per backup", unit: 'calls', values: [calls] },
    ],
    verdicts: [
      {
        promise: 'a day, of the poller',
        unit: '×',
        reached: agentDay / pollerDay,
        limit: 1 / 20,
        bound: 'at most',
      },
      { promise: 'calls per backup', unit: 'calls', reached: calls, limit: 1, bound: 'at most' },
    ],
  }
}

/** CPU seconds, by the clock `read`, that one of `times` pieces of work costs. */
async function cpuOf(read: () => number, times: number, work: () => Promise<unknown>): Promise<number> {
  const begin = read()
  for (let time = 0; time < times; time += 1) await work()
  return (read() - begin) / times
}

export const day: Bench = {
  name: 'day',
  question: `CPU of a day with ${backupsPerDay} backups, against \`kopia snapshot list\` every 30 s; calls of Kopia`,
  run: (options) => withFolder((folder, context) => measure(folder, context, options)),
}
