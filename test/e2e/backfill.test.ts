// `kopia-metrics-agent backfill` of a real repository and real logs, imported by promtool into a real Prometheus.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { runAgentCommand, settingsOf } from '../support/agent-command.ts'
import { cleanUpAfter } from '../support/cleanup.ts'
import { breakAction, createLab, type Lab } from '../support/lab.ts'
import { freePort, start } from '../support/processes.ts'
import { agentEntry } from '../support/stack.ts'
import { tool } from '../support/tools.ts'
import { waitFor } from '../support/wait.ts'

const day = 86_400_000

/** Formats a time as Kopia's command line expects it. */
function kopiaTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace('T', ' ').replace(/\..*/, ' UTC')
}

/** Creates a snapshot that ended in the past after 40 s, without a log. */
async function snapshotOf(lab: Lab, path: string, endedAt: number): Promise<void> {
  const times = [`--start-time=${kopiaTime(endedAt - 40_000)}`, `--end-time=${kopiaTime(endedAt)}`]
  await lab.kopia.must('snapshot', 'create', '--disable-file-logging', ...times, path)
}

async function startPrometheusOn(context: TestContext, folder: string): Promise<string> {
  const port = await freePort()
  const configuration = join(folder, 'empty.yml')
  await writeFile(configuration, '')
  const prometheus = start('prometheus', tool('prometheus'), [
    `--config.file=${configuration}`,
    `--storage.tsdb.path=${join(folder, 'data')}`,
    '--storage.tsdb.retention.time=10y',
    `--web.listen-address=127.0.0.1:${port}`,
  ])
  cleanUpAfter(context, () => prometheus.stop())
  const url = `http://127.0.0.1:${port}`
  await waitFor('Prometheus is ready', async () => (await fetch(`${url}/-/ready`)).ok || undefined)
  return url
}

async function queryAt(url: string, expression: string, milliseconds: number): Promise<readonly number[]> {
  const parameters = new URLSearchParams({ query: expression, time: String(milliseconds / 1000) })
  const text = await (await fetch(`${url}/api/v1/query?${parameters}`)).text()
  const answer = JSON.parse(text)
  assert.equal(answer.status, 'success', text)
  return answer.data.result.map(({ value }: { value: [number, string] }) => Number(value[1]))
}

test('a history of years answers the queries of the dashboards', async (context) => {
  const lab = await createLab(context)
  const [photos, database] = [await lab.makeSource('photos'), await lab.makeSource('database')]
  const now = Date.now()
  const keep = ['--keep-latest=100', '--keep-hourly=0', '--keep-daily=0']
  await lab.kopia.must('policy', 'set', '--global', ...keep)
  for (const ago of [800, 400, 200, 30, 3]) await snapshotOf(lab, photos, now - ago * day)
  await writeFile(join(photos, 'more'), 'x'.repeat(600))
  await snapshotOf(lab, photos, now - 2 * day)
  await snapshotOf(lab, database, now - 5 * day)
  await breakAction(lab, database)
  assert.equal((await lab.kopia.run('snapshot', 'create', database)).exitCode, 1)

  const file = join(lab.folder, 'history.om')
  const made = await runAgentCommand(lab, 'backfill', file)
  assert.equal(made.exitCode, 0, made.output)
  const [, samples = '', size = ''] = /That makes ([\d,]+) samples in ([\d.]+ [kM]B)/.exec(made.output) ?? []
  assert.match(made.output, /^8 attempts of 2 sources, from \d{4}-\d\d-\d\d \d\d:\d\d UTC until /m)
  assert.match(made.output, /one every 5 min in the last 90 d, one every 1 h before\./)
  assert.match(made.output, new RegExp(`^100 %: ${samples} samples$`, 'm'))
  assert.equal(((await stat(file)).size / 1e6).toFixed(1), size.replace(' MB', ''))
  assert.deepEqual(
    (await readdir(lab.folder)).filter((name) => name.includes('.part')),
    [],
  )
  const command = /^ {2}promtool (tsdb .*) \/var\/lib\/prometheus$/m.exec(made.output)?.[1]?.split(' ') ?? []
  assert.deepEqual(command.slice(0, 3), ['tsdb', 'create-blocks-from', 'openmetrics'])

  execFileSync(tool('promtool'), [...command, join(lab.folder, 'data')], { encoding: 'utf8' })
  const url = await startPrometheusOn(context, lab.folder)
  const value = async (name: string, path: string, ago: number, more = '') =>
    (await queryAt(url, `${name}{job="kopia",path="${path}"${more}}`, now - ago * day))[0]
  for (const ago of [1, 2.5, 29.9, 60])
    assert.equal(await value('kopia_backup_status', photos, ago), 1, `${ago}`)
  assert.deepEqual(
    await Promise.all([1, 2.5].map((ago) => value('kopia_backup_size_bytes', photos, ago))),
    [2000, 1400],
  )
  assert.equal(await value('kopia_backup_duration_seconds', photos, 1, ',status="success"'), 40)
  assert.equal(await value('kopia_snapshot_count', photos, 1, ',type="all"'), 6)
  assert.equal(await value('kopia_backup_status', photos, 900), undefined)
  // Older samples are hourly: two years ago, there is one on the hour.
  const hour = Math.ceil((now - 700 * day) / 3_600_000) * 3_600_000
  assert.deepEqual(await queryAt(url, `kopia_snapshot_count{path="${photos}",type="all"}`, hour), [1])
  // The last 90 days are continuous: there is a sample for every step of a dashboard.
  const steps = await queryAt(url, `count_over_time(kopia_backup_status{path="${photos}"}[60d:5m])`, now)
  assert.deepEqual(steps, [(60 * 24 * 60) / 5])
  const attempts = `sum(increase(kopia_backup_attempts_total{path="${photos}",status="success"}[1000d]))`
  const [increase = 0] = await queryAt(url, attempts, now)
  assert.ok(Math.abs(increase - 5) < 0.5, `${increase} of the 5 after the first`)
})

test('the history ends where the live series begin, and has the failed attempts from the logs', async (context) => {
  const lab = await createLab(context)
  const path = await lab.makeSource('database')
  await snapshotOf(lab, path, Date.now() - 2 * day)
  await breakAction(lab, path)
  assert.equal((await lab.kopia.run('snapshot', 'create', path)).exitCode, 1)
  const agent = await lab.startAgent()
  const begun = Date.now() / 1000
  const running = start('agent', process.execPath, [agentEntry, 'backfill', '-'], {
    environment: settingsOf(lab),
  })
  assert.equal(await running.ended, 0, running.output())
  const times = [...running.output().matchAll(/\} \S+ (\d{10})$/gm)].map(([, time]) => Number(time))
  assert.ok(times.length > 1000)
  assert.ok(Math.max(...times) <= begun)
  assert.match(running.output(), /^# EOF$/m)
  await agent.stop()
  const later = new Date(Date.now() + 3_600_000).toISOString()
  const file = join(lab.folder, 'history.om')
  await runAgentCommand(lab, 'backfill', '--backfill-until=2026-01-01', file)
  await assert.rejects(stat(file), /ENOENT/)
  // A limit in the future must not create samples of the future. A spacing of a second includes the last seconds.
  await waitFor('a second has passed', () => Date.now() / 1000 > begun + 1 || undefined)
  const close = [
    '--backfill-recent-period=10m',
    '--backfill-recent-spacing=1s',
    '--backfill-older-spacing=1d',
  ]
  const late = await runAgentCommand(lab, 'backfill', `--backfill-until=${later}`, ...close, file)
  assert.equal(late.exitCode, 0, late.output)
  const text = await readFile(file, 'utf8')
  const newest = [...text.matchAll(/ (\d{10})$/gm)].map(([, time]) => Number(time))
  assert.ok(Math.max(...newest) <= Date.now() / 1000)
  const last = (pattern: RegExp) => [...text.matchAll(pattern)].at(-1)?.[1]
  assert.equal(last(/^kopia_backup_status\{.*\} (\d) /gm), '0')
  assert.equal(last(/^kopia_backup_attempts_total\{.*status="failed"\} (\d) /gm), '1')
})

test('an unwritable file and an unreachable repository end with 1 and the reason', async (context) => {
  const lab = await createLab(context)
  const path = await lab.makeSource('photos')
  await snapshotOf(lab, path, Date.now() - 2 * day)
  const nowhere = await runAgentCommand(lab, 'backfill', '/nowhere/history.om')
  assert.equal(nowhere.exitCode, 1)
  assert.match(nowhere.output, /\/nowhere\/history\.om can't be written: ENOENT/)
  const without = await runAgentCommand(lab, 'backfill', '--kopia-password=wrong', join(lab.folder, 'x'))
  assert.equal(without.exitCode, 1)
  assert.match(without.output, /kopia repository status: .*invalid repository password/)
  for (const wrong of [[], ['a', 'b']])
    assert.equal((await runAgentCommand(lab, 'backfill', ...wrong)).exitCode, 2)
})

test('a terminal shows a progress bar', async (context) => {
  const lab = await createLab(context)
  const path = await lab.makeSource('photos')
  await snapshotOf(lab, path, Date.now() - 400 * day)
  const file = join(lab.folder, 'history.om')
  // The bar is drawn every 80 ms: create enough samples for several updates.
  const much = '--backfill-recent-period=400d --backfill-recent-spacing=10m'
  const command = `stty cols 100; exec '${process.execPath}' '${agentEntry}' backfill ${much} '${file}'`
  const terminal = start('terminal', 'script', ['-qec', command, '/dev/null'], {
    environment: { ...settingsOf(lab), TERM: 'xterm-256color' },
  })
  assert.equal(await terminal.ended, 0, terminal.output())
  assert.match(terminal.output(), /█{10,}/)
  assert.match(terminal.output(), /Written in/)
  assert.ok((await readFile(file, 'utf8')).endsWith('# EOF\n'))
})
