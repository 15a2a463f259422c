// Runs the whole real stack with a machine on which everything that the dashboards show happens.

import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { cleanUpAfter } from '../cleanup.ts'
import { makeUnreadableFile } from '../endings.ts'
import { createLab, figuresAfter, type Lab } from '../lab.ts'
import { query } from '../prometheus.ts'
import { type Service, startNodeExporter, startPrometheus } from '../stack.ts'
import { waitFor } from '../wait.ts'

/** Divides the times of the alert rules: minutes become seconds. */
const speed = 60
export const scrapeIntervalSeconds = 1
/** How much the second backup of the troubled source is larger than its first. */
export const addedBytes = 9000

export type Scenario = {
  readonly lab: Lab
  readonly agent: Service
  readonly prometheus: Service
  /** Unix seconds. */
  readonly begunAt: number
  /** A source that succeeded twice, then failed, and is running now. */
  readonly troubled: string
  /** More sources than the graphs have lines. */
  readonly good: readonly string[]
}

/** Starts the stack. `before` runs before the agent starts. */
export async function startScenario(
  context: TestContext,
  before: (lab: Lab) => Promise<unknown>,
): Promise<Scenario> {
  const lab = await createLab(context)
  await before(lab)
  const nodeExporter = await startNodeExporter()
  cleanUpAfter(context, () => nodeExporter.stop())
  const targets = { gateway: lab.gateway, nodeExporter }
  const prometheus = await startPrometheus(join(lab.folder, 'prometheus'), targets, speed)
  cleanUpAfter(context, () => prometheus.stop())
  const agent = await lab.startAgent({
    KOPIA_METRICS_REFRESH_SCHEDULE: '*/5 * * * * *',
    KOPIA_METRICS_REPOSITORY_SCHEDULE: '*/5 * * * * *',
    KOPIA_METRICS_VERIFY_SCHEDULE: '*/5 * * * * *',
  })
  const good: string[] = []
  for (let number = 1; number <= 12; number++) good.push(await lab.makeSource(`good-${number}`))
  await waitForQuery(prometheus, 'kopia_repository_available_bytes')
  const begunAt = Date.now() / 1000
  return { lab, agent, prometheus, begunAt, troubled: await lab.makeSource(troubledName), good }
}

/** Creates a source with an hourly policy and a last backup a day ago, and returns its path. */
export async function makeOverdue(lab: Lab): Promise<string> {
  const path = await lab.makeSource('overdue')
  await lab.kopia.must('policy', 'set', path, '--snapshot-interval=1h')
  await createSnapshotOf(lab, path, 1)
  return path
}

const troubledName = 'troubled'

/** Gives the troubled source a past, and files enough, for a size baseline and a limit of changed files. */
export async function makePastOfTroubled(lab: Lab): Promise<void> {
  const path = await lab.makeSource(troubledName)
  for (let number = 1; number <= 60; number++) await writeFile(join(path, `file-${number}`), 'x')
  // In the first one all files are new. The second replaces it before the four weeks that count begin.
  for (const daysAgo of [40, 35]) await createSnapshotOf(lab, path, daysAgo)
}

/** Creates a snapshot of the past, of which the agent sees no run. */
async function createSnapshotOf(lab: Lab, path: string, daysAgo: number): Promise<void> {
  const time = new Date(Date.now() - daysAgo * 86_400_000).toISOString().slice(0, 19).replace('T', ' ')
  const times = [`--start-time=${time} UTC`, `--end-time=${time} UTC`]
  await lab.kopia.must('snapshot', 'create', '--disable-file-logging', ...times, path)
}

/** Runs all backups and commands, and waits until Prometheus has their metrics. */
export async function runScenario(context: TestContext, scenario: Scenario): Promise<void> {
  const { lab, prometheus, troubled } = scenario
  const { kopia, gateway } = lab
  await kopia.must('policy', 'set', troubled, '--snapshot-interval=1h')
  await kopia.must('snapshot', 'create', troubled, ...scenario.good)
  await waitForQuery(prometheus, `count_over_time(kopia_backup_size_bytes{path="${troubled}"}[1m]) > 2`)
  await writeFile(join(troubled, 'more'), 'x'.repeat(addedBytes))
  await kopia.must('snapshot', 'create', troubled)
  await figuresAfter(gateway, troubled, 2)
  await kopia.must('snapshot', 'verify')
  await kopia.must('maintenance', 'run', '--full')
  await waitForQuery(prometheus, `kopia_verify_last_success_timestamp_seconds{path="${troubled}"}`)
  await makeUnreadableFile(troubled)
  await kopia.runUnprivileged('snapshot', 'create', troubled)
  await figuresAfter(gateway, troubled, 3)
  await waitForQuery(prometheus, `ALERTS{alertstate="firing", path="${troubled}"}`)
  await holdBackup(context, lab, troubled)
  await waitForQuery(prometheus, 'count_over_time(kopia_backup_running_since_timestamp_seconds[1m]) > 2')
  await waitForQuery(prometheus, 'kopia_maintenance_last_success_timestamp_seconds{kind="full"}')
  // The prediction of free space needs at least two samples.
  await waitForQuery(prometheus, 'count_over_time(kopia_repository_available_bytes[1m]) > 2')
}

/** Starts a backup that waits in an action until the returned function is called, or the test ends. Both wait for its end. */
export async function holdBackup(context: TestContext, lab: Lab, path: string): Promise<() => Promise<void>> {
  const hold = join(lab.folder, 'hold')
  const action = join(lab.folder, 'waiting-action.sh')
  await writeFile(hold, '')
  await writeFile(action, `#!/bin/sh\nwhile [ -e '${hold}' ]; do sleep 0.1; done\n`, { mode: 0o755 })
  await lab.kopia.must('policy', 'set', path, `--before-snapshot-root-action=${action}`)
  const running = lab.kopia.start('snapshot', 'create', path)
  const release = async () => {
    await rm(hold, { force: true })
    await running.ended
  }
  cleanUpAfter(context, release)
  return release
}

/** Waits until Prometheus returns a result for a query. */
export async function waitForQuery(prometheus: Service, expression: string): Promise<void> {
  await waitFor(`Prometheus has ${expression}`, async () => (await query(prometheus.url, expression))[0])
}
