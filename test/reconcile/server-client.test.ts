// What the agent asks and reports where Kopia is a client of a real repository server.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createKopia, isServerClient } from '../../agent/kopia/cli/client.ts'
import { createLedger, emptyLedger } from '../../agent/ledger/ledger.ts'
import { repositorySamples } from '../../agent/metrics/repository-metrics.ts'
import { createRepositoryQueries } from '../../agent/reconcile/repository-queries.ts'
import { createFakeKopia, status } from '../support/fake-kopia.ts'
import { createLab } from '../support/lab.ts'
import { createLogRecorder } from '../support/log-recorder.ts'
import { asClientOfServer } from '../support/setups/repository-server.ts'
import { tool } from '../support/tools.ts'

const figureMetrics = [
  'kopia_repository_size_bytes',
  'kopia_repository_blobs',
  'kopia_repository_contents_bytes',
  'kopia_maintenance_last_success_timestamp_seconds',
  'kopia_maintenance_next_timestamp_seconds',
] as const

test('a client of a repository server is not asked for what only the server knows, and that is no fault', async (context) => {
  const lab = await asClientOfServer(context, await createLab(context))
  const { environment, logDirectory } = lab.kopia
  const source = await lab.makeSource('photos')
  await lab.kopia.must('snapshot', 'create', source)
  const asked: string[] = []
  const failed: string[] = []
  const kopia = createKopia({
    binary: tool('kopia'),
    configPath: environment.KOPIA_CONFIG_PATH ?? '',
    password: environment.KOPIA_PASSWORD ?? '',
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

  const { user, host } = ledger.repository.status ?? {}
  assert.deepEqual(ledger.repository.status, {
    repositoryId: '',
    storageType: '',
    user,
    host,
    areActionsEnabled: true,
  })
  assert.deepEqual(answer.kind === 'snapshots' && [...answer.bySource.keys()], [`${user}@${host}:${source}`])
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
