// The whole agent in this process, on a temporary folder, with a Kopia that can't be started: logs alone decide.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { createAgent } from '../../agent/daemon/agent.ts'
import { loadSettings } from '../../agent/settings/load.ts'
import { cleanUpAfter } from '../support/cleanup.ts'
import { temporaryFolder } from '../support/folder.ts'
import { createLogRecorder } from '../support/log-recorder.ts'
import { waitFor } from '../support/wait.ts'

/** Above the largest that Linux gives (pid_max in proc_sys_kernel(5)): nobody has it. */
const processId = 4_194_305
const runOf = (time: string) => `kopia-20261124-${time}-${processId}-snapshot-create`

const ignored = async () => undefined
const serviceManager = {
  watchdogMs: undefined,
  ready: ignored,
  status: ignored,
  alive: ignored,
  stopping: ignored,
}

async function createSetup(context: TestContext) {
  const folder = await temporaryFolder(context)
  const cliLogs = join(folder, 'logs', 'cli-logs')
  const stateDirectory = join(folder, 'state')
  const textfile = join(folder, 'kopia.prom')
  await mkdir(cliLogs, { recursive: true })
  const settings = await loadSettings(
    {},
    {
      HOME: folder,
      KOPIA_LOG_DIR: join(folder, 'logs'),
      KOPIA_METRICS_STATE_DIR: stateDirectory,
      KOPIA_METRICS_PUSHGATEWAY_URL: '',
      KOPIA_METRICS_LISTEN: '',
      KOPIA_METRICS_TEXTFILE: textfile,
      KOPIA_METRICS_KOPIA_BIN: join(folder, 'no-kopia'),
    },
  )
  const log = createLogRecorder()
  const agent = await createAgent({
    settings,
    version: '0.0.0',
    log,
    serviceManager,
    nowSeconds: () => Date.now() / 1000,
    random: () => 0,
  })
  return {
    agent,
    cliLogs,
    spool: join(stateDirectory, 'spool'),
    log,
    metrics: () => readFile(textfile, 'utf8'),
  }
}

/** The log of a run that failed for the source, as Kopia writes it: the error stands in a segment of its own. */
async function writeFailedRun(cliLogs: string, time: string, path: string): Promise<void> {
  const now = new Date().toISOString()
  const begin = `${now} INFO kopia/cli Snapshotting root@vm:${path} ...\n`
  await writeFile(join(cliLogs, `${runOf(time)}.0.log`), begin)
  await writeFile(
    join(cliLogs, `${runOf(time)}.1.log`),
    `${now} ERROR kopia/cli upload error: exit status 3\n`,
  )
}

const failedStatus = (path: string) => `kopia_backup_status{user="root",host="vm",path="${path}"} 0`

test('a log from the future does not hold push', async (context) => {
  const { agent, cliLogs, metrics } = await createSetup(context)
  const fileName = join(cliLogs, `${runOf('113647')}.0.log`)
  await writeFile(fileName, `${new Date().toISOString()} INFO kopia/cli Snapshotting root@vm:/data ...\n`)
  const future = new Date(Date.now() + 3_600_000)
  await utimes(fileName, future, future)
  assert.deepEqual(await agent.pushOnce(), { ok: true })
  assert.match(await metrics(), /kopia_agent_repository_reachable 0/)
})

test('a pipe with the name of a log blocks nothing, the end included', async (context) => {
  const { agent, cliLogs, metrics } = await createSetup(context)
  execFileSync('mkfifo', [join(cliLogs, `${runOf('113647')}.0.log`)])
  const run = agent.run()
  await writeFailedRun(cliLogs, '113650', '/data')
  await run
  await waitFor(
    'the failed run is in the metrics',
    async () => (await metrics()).includes(failedStatus('/data')) || undefined,
  )
  await agent.stop()
})

test('a spool that is removed comes back, and logs go on meanwhile', async (context) => {
  const { agent, cliLogs, spool, log, metrics } = await createSetup(context)
  cleanUpAfter(context, () => agent.stop())
  await agent.run()
  await rm(spool, { recursive: true })
  await writeFailedRun(cliLogs, '113650', '/data')
  await waitFor(
    'the failed run is in the metrics',
    async () => (await metrics()).includes(failedStatus('/data')) || undefined,
  )
  const event = [
    'PHASE=call',
    'KOPIA_ACTION=before-snapshot-root',
    'KOPIA_SNAPSHOT_ID=1',
    'KOPIA_SOURCE_PATH=/data',
    `PARENT_PID=${processId}`,
  ]
  const eventFile = join(spool, 'a.event')
  await waitFor('the spool is there again', async () => {
    await writeFile(eventFile, `${event.join('\0')}\0`)
    return true
  })
  await waitFor('the event is taken from the new spool', () => (existsSync(eventFile) ? undefined : true))
  assert.ok(log.lines('error').length <= 2, log.lines('error').join('\n'))
})

test('a stop right after the start leaves nothing behind that goes on', async (context) => {
  const { agent, log } = await createSetup(context)
  const run = agent.run()
  await agent.stop()
  await run
  assert.deepEqual(log.lines('error'), [])
})
