// Which sources and commands the agent reports, and with which labels.

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { createKopiaLab } from '../support/kopia.ts'
import { createLab, figuresAfter, figuresOf } from '../support/lab.ts'
import { scrape } from '../support/prometheus.ts'
import type { Service } from '../support/stack.ts'
import { waitFor } from '../support/wait.ts'

const everySecond = '* * * * * *'

async function commandStatus(service: Service, command: string): Promise<number | undefined> {
  const series = (await scrape(service.url)).get('kopia_command_status')
  return series?.find(({ labels }) => labels.command === command)?.value
}

test('every command has a status, also a run that failed before it named a source', async (context) => {
  const lab = await createLab(context)
  const path = await lab.makeSource('photos')
  const agent = await lab.startAgent()
  const awaitStatus = (command: string, value: number) =>
    waitFor(
      `${command} is ${value}`,
      async () => (await commandStatus(lab.gateway, command)) === value || undefined,
    )
  await lab.kopia.must('snapshot', 'create', path)
  await awaitStatus('snapshot create', 1)
  await lab.kopia.must('snapshot', 'verify')
  await awaitStatus('snapshot verify', 1)
  await lab.kopia.must('maintenance', 'run')
  await awaitStatus('maintenance run', 1)
  await lab.kopia.run('snapshot', 'restore', '0123456789abcdef0123456789abcdef', join(lab.folder, 'restored'))
  await awaitStatus('snapshot restore', 0)
  await lab.kopia.run('snapshot', 'create', '--password=wrong', path)
  await awaitStatus('snapshot create', 0)
  assert.match(
    agent.output(),
    /kopia snapshot create .* failed: Kopia ended with: open repository: .*invalid repository password/,
  )
  await lab.kopia.run('snapshot', 'verify', '--password=wrong')
  await awaitStatus('snapshot verify', 0)
  await lab.kopia.must('maintenance', 'set', '--owner=somebody@else')
  await lab.kopia.run('maintenance', 'run')
  await awaitStatus('maintenance run', 0)
  assert.deepEqual((await figuresOf(lab.gateway, path)).attempts, { success: 1, failed: 0, incomplete: 0 })
})

test('a run of another repository in the same log directory is not counted', async (context) => {
  const lab = await createLab(context)
  const other = await createKopiaLab(join(lab.folder, 'other'), lab.stateDirectory)
  const [mine, foreign] = [await lab.makeSource('mine'), await lab.makeSource('foreign')]
  const agent = await lab.startAgent()
  await other.must('snapshot', 'create', `--log-dir=${lab.kopia.logDirectory}`, foreign)
  await lab.kopia.must('snapshot', 'create', mine)
  assert.equal((await figuresAfter(lab.gateway, mine, 1)).status, 1)
  await waitFor(
    'the agent reports the other repository: by its configuration, or by a snapshot that is not here',
    () => /also serves another repository|can't be told apart/.test(agent.output()) || undefined,
  )
  await waitFor(
    'the foreign source is not on the gateway',
    async () => Object.keys((await figuresOf(lab.gateway, foreign)).attempts).length === 0 || undefined,
  )
})

test('scope local reports only this user@host, scope all every source of the repository', async (context) => {
  const lab = await createLab(context)
  const [here, there] = [await lab.makeSource('here'), await lab.makeSource('there')]
  const elsewhere = ['--override-hostname=elsewhere', '--override-username=somebody']
  const connect = (...flags: string[]) =>
    lab.kopia.must(
      'repository',
      'connect',
      'filesystem',
      `--path=${join(lab.folder, 'kopia', 'repository')}`,
      ...flags,
    )
  await lab.kopia.must('snapshot', 'create', here)
  await connect(...elsewhere)
  await lab.kopia.must('snapshot', 'create', '--disable-file-logging', there)
  await connect()
  const local = await lab.startAgent()
  assert.equal((await figuresOf(local, here)).status, 1)
  assert.equal((await figuresOf(local, there)).status, undefined)
  await local.stop()
  const all = await lab.startAgent({
    KOPIA_METRICS_SCOPE: 'all',
    KOPIA_METRICS_REFRESH_SCHEDULE: everySecond,
  })
  assert.equal((await figuresOf(all, there)).status, 1)
  await connect(...elsewhere)
  await lab.kopia.must('snapshot', 'create', '--disable-file-logging', there)
  assert.deepEqual((await figuresAfter(lab.gateway, there, 1)).attempts, {
    success: 1,
    failed: 0,
    incomplete: 0,
  })
})

test('included and excluded sources, and further labels of the group', async (context) => {
  const lab = await createLab(context)
  const [photos, cache, other] = [
    await lab.makeSource('a/photos'),
    await lab.makeSource('a/cache'),
    await lab.makeSource('b'),
  ]
  await lab.startAgent({
    KOPIA_METRICS_SOURCES_INCLUDE: '*@*:/**/a/**',
    KOPIA_METRICS_SOURCES_EXCLUDE: '**/cache, **/tmp',
    KOPIA_METRICS_GROUPING: 'site=berlin,env=a/b',
  })
  await lab.kopia.must('snapshot', 'create', cache, other, photos)
  await figuresAfter(lab.gateway, photos, 1)
  const series = (await scrape(lab.gateway.url)).get('kopia_backup_status') ?? []
  assert.deepEqual(
    series.map(({ labels: { path, site, env } }) => [path, site, env]),
    [[photos, 'berlin', 'a/b']],
  )
})

test('a source that loses its snapshots stays, and is no longer backed up', async (context) => {
  const lab = await createLab(context)
  const [gone, kept] = [await lab.makeSource('gone'), await lab.makeSource('kept')]
  await lab.kopia.must('snapshot', 'create', gone, kept)
  await lab.startAgent({ KOPIA_METRICS_REFRESH_SCHEDULE: everySecond })
  await waitFor('both sources are on the gateway', async () => (await figuresOf(lab.gateway, gone)).status)
  await lab.kopia.must('snapshot', 'delete', '--all-snapshots-for-source', '--delete', gone)
  const figures = await waitFor('the loss is on the gateway', async () => {
    const now = await figuresOf(lab.gateway, gone)
    return now.snapshots.all === 0 ? now : undefined
  })
  assert.equal(figures.status, 0)
  assert.ok(figures.lastSuccessAt)
  assert.equal((await figuresOf(lab.gateway, kept)).status, 1)
})
