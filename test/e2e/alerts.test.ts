// From what happens to a backup to the message on somebody's phone, and to the one that says that it is over: all real.

import assert from 'node:assert/strict'
import { mkdir, rename, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { startAlertmanager } from '../support/alertmanager.ts'
import { cleanUpAfter } from '../support/cleanup.ts'
import { breakAction, createLab, figuresOf, type Lab } from '../support/lab.ts'
import { query } from '../support/prometheus.ts'
import { type Service, startNodeExporter, startPrometheus } from '../support/stack.ts'
import { waitFor } from '../support/wait.ts'
import { startWebhook, type Webhook } from '../support/webhook.ts'

/** Three days, while which a source that shrank is news, are 13 s; the two weeks in which it is set up, a minute. */
const speed = 20_000
const everyFiveSeconds = '*/5 * * * * *'
const settings = {
  KOPIA_METRICS_REFRESH_SCHEDULE: everyFiveSeconds,
  KOPIA_METRICS_REPOSITORY_SCHEDULE: everyFiveSeconds,
  KOPIA_METRICS_INSTANCE: 'vm',
}

type Scene = { readonly lab: Lab; readonly webhook: Webhook; readonly prometheus: Service }

/** The alert is told once `hurt` is done, and told as over once `mend` is. */
async function expectAlert(
  { webhook }: Scene,
  labels: Readonly<Record<string, string>>,
  hurt: () => Promise<unknown>,
  mend: () => Promise<unknown>,
): Promise<void> {
  const before = webhook.notifications.length
  await hurt()
  const told = await webhook.awaitAlert('firing', labels, before)
  assert.ok(told.annotations.summary && told.annotations.description)
  const mended = webhook.notifications.length
  await mend()
  await webhook.awaitAlert('resolved', labels, mended)
}

test('what goes wrong is told, and told as over when it is mended', async (context) => {
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
  const nodeExporter = await startNodeExporter()
  cleanUpAfter(context, () => nodeExporter.stop())
  const alertmanager = await startAlertmanager(join(lab.folder, 'alertmanager'), webhook.url)
  cleanUpAfter(context, () => alertmanager.stop())
  let agent = await lab.startAgent(settings)
  for (const path of Object.values(paths)) await backUp(path)
  const targets = { gateway: lab.gateway, nodeExporter, alertmanager }
  const prometheus = await startPrometheus(join(lab.folder, 'prometheus'), targets, speed)
  cleanUpAfter(context, () => prometheus.stop())
  const scene = { lab, webhook, prometheus }
  const failed = (path: string) => ({ alertname: 'KopiaBackupFailed', path })

  await context.test('the chain itself: Watchdog', async () => {
    await webhook.awaitAlert('firing', { alertname: 'Watchdog' }, 0)
  })

  await context.test('a failing action', () =>
    expectAlert(
      scene,
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
      scene,
      failed(paths.killed),
      async () => {
        // A file of zeros takes long to read and no room.
        await writeFile(join(paths.killed, 'long'), '')
        await truncate(join(paths.killed, 'long'), 2 ** 36)
        const running = lab.kopia.start('snapshot', 'create', paths.killed)
        await waitFor('it is under way', async () => (await figuresOf(agent, paths.killed)).runningSince)
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
      scene,
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

  await context.test('a shrunken directory', async () => {
    const age = `time() - kopia_backup_first_seen_timestamp_seconds{path="${paths.shrunken}"}`
    await waitFor('the source is no longer new', async () => {
      const [series] = await query(prometheus.url, age)
      return (series?.value ?? 0) > (14 * 86_400) / speed || undefined
    })
    await expectAlert(
      scene,
      { alertname: 'KopiaBackupSizeDropped', path: paths.shrunken, figure: 'bytes' },
      async () => {
        await Promise.all(extra.map((file) => rm(file)))
        await backUp(paths.shrunken)
      },
      async () => {
        await fill()
        await backUp(paths.shrunken)
      },
    )
  })

  await context.test('an unplugged repository', () => {
    const repository = join(lab.folder, 'kopia', 'repository')
    return expectAlert(
      scene,
      { alertname: 'KopiaRepositoryUnreachable', instance: 'vm' },
      () => rename(repository, `${repository}.away`),
      () => rename(`${repository}.away`, repository),
    )
  })

  await context.test('a stopped agent: one message, the rest is hidden behind it', async () => {
    await breakAction(lab, paths.action)
    await backUp(paths.action)
    await webhook.awaitAlert('firing', failed(paths.action), webhook.notifications.length)
    await expectAlert(
      scene,
      { alertname: 'KopiaAgentSilent', instance: 'vm' },
      () => agent.stop(),
      async () => {
        await waitFor('what is known of its backups is hidden', async () => {
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
