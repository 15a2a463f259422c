// The CPU of a day with one backup an hour, against polling `kopia snapshot list`, and the calls of Kopia's CLI per backup.

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
/** Time for the garbage collector to clean up after the last backup, so that it does not count as idling. */
const settleSeconds = 45
/** A long run measures an hour's polls; the usual run measures fewer, since every poll costs the same. */
const runs = {
  usual: { backups: 12, polls: 20, idleSeconds: 60 },
  long: { backups: 24, polls: 120, idleSeconds: 600 },
}

/** A script that notes each call and then runs the real Kopia. */
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

/** An agent whose calls of Kopia are noted; its schedules do not fire during the measurement. */
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
  // Wait for the calls of the start, which ends with the repository's figures: they do not count per backup.
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

/** The agent's calls of Kopia per backup, and its CPU for each backup. */
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
    // Status, maintenance, blobs and contents are four calls, each of which costs as much as a poll.
    schedulesPerDay.repository * 4 * poll
  const pollerDay = pollsPerDay * poll
  return {
    rows: [
      {
        what: 'a backup, including the call of Kopia',
        unit: 'CPU ms',
        values: cpu.map((it) => it * 1000),
      },
      { what: 'a heartbeat', unit: 'CPU ms', values: [pushing * 1000] },
      { what: 'a day of idling', unit: 'CPU s', values: [idlePerDay] },
      { what: `a day with ${backupsPerDay} backups`, unit: 'CPU s', values: [agentDay] },
      { what: 'one `kopia snapshot list`', unit: 'CPU ms', values: [poll * 1000] },
      { what: 'a day of one every 30 s', unit: 'CPU s', values: [pollerDay] },
      { what: "calls of Kopia's CLI per backup", unit: 'calls', values: [calls] },
    ],
    verdicts: [
      {
        promise: "CPU of a day, relative to the poller's",
        unit: '×',
        reached: agentDay / pollerDay,
        limit: 1 / 20,
        bound: 'at most',
      },
      {
        promise: "calls of Kopia's CLI per finished run",
        unit: 'calls',
        reached: calls,
        limit: 1,
        bound: 'at most',
      },
    ],
  }
}

/** The mean CPU seconds of `work`, by the clock `read`. */
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
