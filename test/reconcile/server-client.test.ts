// What the agent asks and reports where Kopia is a client of a real repository server.

import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { createKopia, isServerClient } from '../../agent/kopia/cli/client.ts'
import { createLedger, emptyLedger } from '../../agent/ledger/ledger.ts'
import { repositorySamples } from '../../agent/metrics/repository-metrics.ts'
import { createRepositoryQueries } from '../../agent/reconcile/repository-queries.ts'
import { cleanUpAfter } from '../support/cleanup.ts'
import { createFakeKopia, status } from '../support/fake-kopia.ts'
import { temporaryFolder } from '../support/folder.ts'
import { createKopiaLab } from '../support/kopia.ts'
import { createLogRecorder } from '../support/log-recorder.ts'
import { freePort, start } from '../support/processes.ts'
import { tool } from '../support/tools.ts'
import { waitFor } from '../support/wait.ts'

const figureMetrics = [
  'kopia_repository_size_bytes',
  'kopia_repository_blobs',
  'kopia_repository_contents_bytes',
  'kopia_maintenance_last_success_timestamp_seconds',
  'kopia_maintenance_next_timestamp_seconds',
] as const

test('a client of a repository server is not asked for what only the server knows, and that is no fault', async (context) => {
  const { environment, logDirectory, source } = await connectClient(context)
  const asked: string[] = []
  const failed: string[] = []
  const kopia = createKopia({
    binary: tool('kopia'),
    configPath: environment.KOPIA_CONFIG_PATH,
    password: environment.KOPIA_PASSWORD,
    logDirectory,
    ownLogDirectory: '',
    signal: context.signal,
    onCall: (command, ok) => (ok ? asked : failed).push(command),
    timeLimitMs: undefined,
  })
  const ledger = createLedger(emptyLedger)
  const log = createLogRecorder()
  const queries = createRepositoryQueries({
    ledger,
    kopia,
    signal: context.signal,
    nowSeconds: () => Date.now() / 1000,
    log,
  })
  await queries.refreshIdentity()
  await queries.refreshFigures()
  await queries.refreshFigures()
  const answer = await queries.snapshots(undefined)

  assert.deepEqual(ledger.repository.status, {
    repositoryId: '',
    storageType: '',
    user: 'me',
    host: 'client',
    areActionsEnabled: true,
  })
  assert.deepEqual(answer.kind === 'snapshots' && [...answer.bySource.keys()], [`me@client:${source}`])
  assert.equal(queries.isReachable(), true)
  assert.deepEqual(failed, [])
  assert.deepEqual(new Set(asked), new Set(['repository status', 'policy list', 'snapshot list']))
  assert.deepEqual(log.lines('warn'), [])
  assert.equal(log.lines('info').length, 1)
  // Only a client answers like this; the real one is asked here to hold it in place.
  const blobs = await kopia.blobStats()
  assert.match(blobs.ok ? '' : blobs.reason, /supported only on direct repository/)
})

test('figures of a repository disappear where Kopia has become a client of a server', async (context) => {
  const kopia = createFakeKopia()
  const ledger = createLedger(emptyLedger)
  const sampled = () => {
    const samples = repositorySamples(ledger.repository)
    return figureMetrics.filter((name) => (samples.get(name) ?? []).length > 0)
  }
  let now = status
  const queries = createRepositoryQueries({
    ledger,
    kopia: {
      ...kopia,
      repositoryStatus: async () => ({ ok: true, value: now }),
      maintenance: async () => ({
        ok: true,
        value: { quick: { lastSuccessAt: 1, nextAt: 2 }, full: { lastSuccessAt: 1, nextAt: 2 } },
      }),
    },
    signal: context.signal,
    nowSeconds: () => 0,
    log: createLogRecorder(),
  })
  await queries.refreshFigures()
  assert.deepEqual(sampled(), figureMetrics)
  now = { ...status, repositoryId: '', storageType: '' }
  assert.equal(isServerClient(now), true)
  await queries.refreshFigures()
  assert.deepEqual(sampled(), [])
})

/** A server of a repository, and a client of it that has backed up one source. */
async function connectClient(context: TestContext) {
  const folder = await temporaryFolder(context)
  const lab = await createKopiaLab(folder, join(folder, 'state'))
  await lab.must('server', 'user', 'add', 'me@client', '--user-password=of me')
  const [certificate, url] = [join(folder, 'certificate'), `127.0.0.1:${await freePort()}`]
  const server = lab.start(
    'server',
    'start',
    `--address=${url}`,
    '--tls-generate-cert',
    `--tls-cert-file=${certificate}`,
    `--tls-key-file=${join(folder, 'key')}`,
    '--server-username=admin',
    '--server-password=of admin',
  )
  cleanUpAfter(context, () => server.stop())
  await waitFor('the server', () => server.output().includes('SERVER ADDRESS') || undefined)
  const fingerprint = new X509Certificate(await readFile(certificate)).fingerprint256.replaceAll(':', '')
  const environment = {
    ...lab.environment,
    KOPIA_CONFIG_PATH: join(folder, 'client.config'),
    KOPIA_CACHE_DIRECTORY: join(folder, 'client-cache'),
    KOPIA_PASSWORD: 'of me',
  }
  const must = async (...parameters: string[]) => {
    const running = start('kopia', tool('kopia'), parameters, { environment })
    assert.equal(await running.ended, 0, running.output())
  }
  const identity = ['--override-username=me', '--override-hostname=client']
  const to = [`--url=https://${url}`, `--server-cert-fingerprint=${fingerprint.toLowerCase()}`]
  await must('repository', 'connect', 'server', ...to, ...identity, '--enable-actions')
  const source = join(folder, 'source')
  await mkdir(source)
  await must('snapshot', 'create', source)
  return { environment, logDirectory: lab.logDirectory, source }
}
