// From a fault of a backup to the notification, and to the one that says that the fault is over, with every real part.

import assert from 'node:assert/strict'
import { mkdir, rename, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { startAlertmanager } from '../support/alertmanager.ts'
import { cleanUpAfter } from '../support/cleanup.ts'
import { breakAction, createLab, figuresOf, type Lab } from '../support/lab.ts'
import { type Service, startNodeExporter, startPrometheus } from '../support/stack.ts'
import { waitFor } from '../support/wait.ts'
import { startWebhook, type Webhook } from '../support/webhook.ts'

/** A quarter of an hour, for which the alerts tolerate a gap, is 10 s, the shortest range that fasterRules makes. */
const speed = 20_000
const everyFiveSeconds = '*/5 * * * * *'
const settings = {
  KOPIA_METRICS_REFRESH_SCHEDULE: everyFiveSeconds,
  KOPIA_METRICS_REPOSITORY_SCHEDULE: everyFiveSeconds,
  KOPIA_METRICS_INSTANCE: 'vm',
  // A repository that goes away during a call makes Kopia retry for minutes, and no second call is made meanwhile.
  KOPIA_METRICS_KOPIA_TIMEOUT: '10s',
}

/** Makes a snapshot that ended three weeks ago: a source is checked for lost data from two weeks on. */
async function backUpInThePast({ kopia }: Lab, path: string): Promise<void> {
  const time = new Date(Date.now() - 21 * 86_400_000).toISOString().slice(0, 19).replace('T', ' ')
  const times = [`--start-time=${time} UTC`, `--end-time=${time} UTC`]
  await kopia.must('snapshot', 'create', '--disable-file-logging', ...times, path)
}

/** Expects that the alert fires after `cause`, and is resolved after `repair`. */
async function expectAlert(
  webhook: Webhook,
  labels: Readonly<Record<string, string>>,
  cause: () => Promise<unknown>,
  repair: () => Promise<unknown>,
): Promise<void> {
  const before = webhook.notifications.length
  await cause()
  const notification = await webhook.awaitAlert('firing', labels, before)
  assert.ok(notification.annotations.summary && notification.annotations.description)
  const repaired = webhook.notifications.length
  await repair()
  await webhook.awaitAlert('resolved', labels, repaired)
}

test('each fault fires its alert, which is resolved after the repair', async (context) => {
  const lab = await createLab(context)
  const webhook = await startWebhook(context)
  const paths = {
    action: await lab.makeSource('action'),
    killed: await lab.makeSource('killed'),
    removed: await lab.makeSource('removed'),
    shrunken: await lab.makeSource('shrunken'),
  }
  const extra = ['a', 'b', 'c'].map((name) => join(paths.shrunken, name))
  const fill = () => Promise.all(extra.map((file) => writeFile(file, 'worth keeping\n'.repeat(1000))))
  const backUp = (path: string) => lab.kopia.run('snapshot', 'create', path)
  await fill()
  await backUpInThePast(lab, paths.shrunken)
  const nodeExporter = await startNodeExporter()
  cleanUpAfter(context, () => nodeExporter.stop())
  const alertmanager = await startAlertmanager(join(lab.folder, 'alertmanager'), webhook.url)
  cleanUpAfter(context, () => alertmanager.stop())
  let agent = await lab.startAgent(settings)
  for (const path of Object.values(paths)) await backUp(path)
  const targets = { gateway: lab.gateway, nodeExporter, alertmanager }
  const prometheus = await startPrometheus(join(lab.folder, 'prometheus'), targets, speed)
  cleanUpAfter(context, () => prometheus.stop())
  const failed = (path: string) => ({ alertname: 'KopiaBackupFailed', path })

  await context.test('Watchdog always fires', async () => {
    await webhook.awaitAlert('firing', { alertname: 'Watchdog' }, 0)
  })

  await context.test('a failing action', () =>
    expectAlert(
      webhook,
      failed(paths.action),
      async () => {
        await breakAction(lab, paths.action)
        await backUp(paths.action)
      },
      async () => {
        await lab.kopia.must('policy', 'set', paths.action, '--before-snapshot-root-action=')
        await backUp(paths.action)
      },
    ),
  )

  await context.test('a killed Kopia', () =>
    expectAlert(
      webhook,
      failed(paths.killed),
      async () => {
        // A file of zeros takes long to read and no disk space.
        await writeFile(join(paths.killed, 'long'), '')
        await truncate(join(paths.killed, 'long'), 2 ** 36)
        const running = lab.kopia.start('snapshot', 'create', paths.killed)
        await waitFor('the backup runs', async () => (await figuresOf(agent, paths.killed)).runningSince)
        await running.stop('SIGKILL')
      },
      async () => {
        await rm(join(paths.killed, 'long'))
        await backUp(paths.killed)
      },
    ),
  )

  await context.test('a removed source directory', () =>
    expectAlert(
      webhook,
      failed(paths.removed),
      async () => {
        await rm(paths.removed, { recursive: true })
        await backUp(paths.removed)
      },
      async () => {
        await mkdir(paths.removed)
        await writeFile(join(paths.removed, 'file'), 'worth keeping')
        await backUp(paths.removed)
      },
    ),
  )

  await context.test('a directory that lost files', () =>
    expectAlert(
      webhook,
      { alertname: 'KopiaBackupSizeDropped', path: paths.shrunken, figure: 'bytes' },
      async () => {
        await Promise.all(extra.map((file) => rm(file)))
        await backUp(paths.shrunken)
      },
      async () => {
        await fill()
        await backUp(paths.shrunken)
      },
    ),
  )

  await context.test('a repository that is away', () => {
    const repository = join(lab.folder, 'kopia', 'repository')
    return expectAlert(
      webhook,
      { alertname: 'KopiaRepositoryUnreachable', instance: 'vm' },
      () => rename(repository, `${repository}.away`),
      () => rename(`${repository}.away`, repository),
    )
  })

  await context.test('a stopped agent: one notification, which inhibits the others', async () => {
    await breakAction(lab, paths.action)
    await backUp(paths.action)
    await webhook.awaitAlert('firing', failed(paths.action), webhook.notifications.length)
    await expectAlert(
      webhook,
      { alertname: 'KopiaAgentSilent', instance: 'vm' },
      () => agent.stop(),
      async () => {
        await waitFor('the alerts of its backups are inhibited', async () => {
          const hidden = await inhibitedAlerts(alertmanager)
          return hidden.includes('KopiaBackupFailed') && !hidden.includes('KopiaAgentSilent')
            ? true
            : undefined
        })
        agent = await lab.startAgent(settings)
      },
    )
  })
})

async function inhibitedAlerts(alertmanager: Service): Promise<readonly string[]> {
  const response = await fetch(`${alertmanager.url}/api/v2/alerts?inhibited=true`)
  const alerts: { labels: { alertname: string }; status: { inhibitedBy: string[] } }[] = JSON.parse(
    await response.text(),
  )
  return alerts.filter(({ status }) => status.inhibitedBy.length > 0).map(({ labels }) => labels.alertname)
}
