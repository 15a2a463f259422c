// A machine on which all that the dashboards show has happened, with the whole real stack around it.

import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { cleanUpAfter } from '../cleanup.ts'
import { makeUnreadableFile } from '../endings.ts'
import { createLab, figuresAfter, type Lab } from '../lab.ts'
import { query } from '../prometheus.ts'
import { type Service, startNodeExporter, startPrometheus } from '../stack.ts'
import { waitFor } from '../wait.ts'

/** Minutes of the alerts' patience become seconds. */
const speed = 60
export const scrapeIntervalSeconds = 1
/** How much the second backup of the troubled source is larger than its first. */
export const addedBytes = 9000

export type Stage = {
  readonly lab: Lab
  readonly agent: Service
  readonly prometheus: Service
  /** Unix seconds. */
  readonly begunAt: number
  /** It succeeded twice, then failed, and is running now. */
  readonly troubled: string
  /** More than the graphs have lines for. */
  readonly good: readonly string[]
}

/** The stack, with an agent that knows only what was done before it came. */
export async function openStage(
  context: TestContext,
  before: (lab: Lab) => Promise<unknown>,
): Promise<Stage> {
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
  })
  const good: string[] = []
  for (let number = 1; number <= 12; number++) good.push(await lab.makeSource(`good-${number}`))
  await waitForQuery(prometheus, 'kopia_repository_available_bytes')
  const begunAt = Date.now() / 1000
  return { lab, agent, prometheus, begunAt, troubled: await lab.makeSource('troubled'), good }
}

/** A source that should be backed up hourly, and was so a day ago; its path. */
export async function makeOverdue(lab: Lab): Promise<string> {
  const path = await lab.makeSource('overdue')
  const yesterday = new Date(Date.now() - 86_400_000).toISOString().slice(0, 19).replace('T', ' ')
  await lab.kopia.must('policy', 'set', path, '--snapshot-interval=1h')
  const times = [`--start-time=${yesterday} UTC`, `--end-time=${yesterday} UTC`]
  await lab.kopia.must('snapshot', 'create', '--disable-file-logging', ...times, path)
  return path
}

/** Lets everything happen, and waits until Prometheus has all of it. */
export async function play(context: TestContext, stage: Stage): Promise<void> {
  const { lab, prometheus, troubled } = stage
  const { kopia, gateway } = lab
  await kopia.must('policy', 'set', troubled, '--snapshot-interval=1h')
  await kopia.must('snapshot', 'create', troubled, ...stage.good)
  await waitForQuery(prometheus, `count_over_time(kopia_backup_size_bytes{path="${troubled}"}[1m]) > 2`)
  await writeFile(join(troubled, 'more'), 'x'.repeat(addedBytes))
  await kopia.must('snapshot', 'create', troubled)
  await figuresAfter(gateway, troubled, 2)
  await kopia.must('snapshot', 'verify')
  await kopia.must('maintenance', 'run', '--full')
  await makeUnreadableFile(troubled)
  await kopia.runUnprivileged('snapshot', 'create', troubled)
  await figuresAfter(gateway, troubled, 3)
  await waitForQuery(prometheus, `ALERTS{alertstate="firing", path="${troubled}"}`)
  await leaveRunning(context, stage)
  await waitForQuery(prometheus, 'count_over_time(kopia_backup_running_since_timestamp_seconds[1m]) > 2')
  await waitForQuery(prometheus, 'kopia_maintenance_last_success_timestamp_seconds{kind="full"}')
  // Two moments, between which the free space has a slope.
  await waitForQuery(prometheus, 'count_over_time(kopia_repository_available_bytes[1m]) > 2')
}

/** A backup that waits in its action until the test is over. */
async function leaveRunning(context: TestContext, { lab, troubled }: Stage): Promise<void> {
  const hold = join(lab.folder, 'hold')
  const action = join(lab.folder, 'patient-action.sh')
  await writeFile(hold, '')
  await writeFile(action, `#!/bin/sh\nwhile [ -e '${hold}' ]; do sleep 0.1; done\n`, { mode: 0o755 })
  await lab.kopia.must('policy', 'set', troubled, `--before-snapshot-root-action=${action}`)
  const running = lab.kopia.start('snapshot', 'create', troubled)
  cleanUpAfter(context, async () => {
    await rm(hold)
    await running.ended
  })
}

/** Waits until Prometheus has an answer to a query. */
export async function waitForQuery(prometheus: Service, expression: string): Promise<void> {
  await waitFor(`Prometheus has ${expression}`, async () => (await query(prometheus.url, expression))[0])
}
