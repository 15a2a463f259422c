// One run: its order, its limits, and what it does while backups come and go.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { ReadFailure, SnapshotRoot } from '../../agent/kopia/cli/repository-reader.ts'
import type { Snapshot } from '../../agent/kopia/cli/snapshots.ts'
import { formatSource, type Source } from '../../agent/kopia/source.ts'
import type { Verification } from '../../agent/ledger/proof.ts'
import { newSource, type SourceState, withSnapshots } from '../../agent/ledger/source-state.ts'
import {
  type RunListener,
  runVerification,
  type VerificationRun,
} from '../../agent/verify/verification-run.ts'
import { temporaryFolder } from '../support/folder.ts'
import { createRandom } from '../support/random.ts'
import { makeSnapshot } from '../support/snapshots.ts'
import { madeRepository } from './made-reader.ts'
import { directory, file } from './made-trees.ts'

const tree = directory('root', [file('one', 1000), file('two', 1000)])

function sourceOf(path: string): Source {
  return { user: 'root', host: 'vm', path }
}

function snapshotOf(path: string, id: string, startedAt: number): Snapshot {
  return makeSnapshot({ id, source: sourceOf(path), startedAt, endedAt: startedAt + 10 })
}

/** A source whose newest snapshot the ledger knows, and whose last verification ended then. */
function stateOf(path: string, newestId: string, verifiedAt?: number): SourceState {
  const state = withSnapshots(newSource(sourceOf(path), 1), [snapshotOf(path, newestId, 500)], 600)
  const lastAttempt = { startedAt: verifiedAt ?? 0, endedAt: verifiedAt ?? 0 }
  return verifiedAt === undefined ? state : { ...state, proof: { lastAttempt } }
}

type Setup = {
  readonly states?: readonly SourceState[]
  /** The snapshot that each list of the repository has, by path; one list per call, the last one for all further calls. */
  readonly lists?: readonly Readonly<Record<string, string>>[]
  readonly listFailures?: readonly ReadFailure[]
  readonly cached?: readonly Snapshot[]
  readonly change?: Partial<VerificationRun>
  readonly listener?: Partial<RunListener>
}

async function run(context: TestContext, { states = [], listener = {}, change = {}, ...setup }: Setup) {
  const restoreFolder = await temporaryFolder(context)
  const repository = madeRepository(tree, createRandom(1))
  const lists = [...(setup.lists ?? [Object.fromEntries(states.map(({ source }) => [source.path, 's1']))])]
  const failures = [...(setup.listFailures ?? [])]
  const results: { path: string; result: Verification['result'] }[] = []
  const budgets: number[] = []
  let now = 10_000
  await runVerification({
    settings: {
      schedule: undefined,
      percent: 1,
      restoreFiles: 1,
      mostBytes: 1e6,
      parallel: 1,
      timeLimitMs: 1000,
    },
    workspace: {
      restoreFolder,
      configurationPath: '/none',
      cacheDirectory: '/none',
      forgetContents: async () => undefined,
      close: async () => undefined,
    },
    readerUntil: (signal) => ({
      ...repository.reader,
      newestRoots: async () => {
        const failure = failures.shift()
        if (failure !== undefined) return { ok: false, failure }
        const list = (lists.length > 1 ? lists.shift() : lists[0]) ?? {}
        const roots = Object.entries(list).map(([path, snapshotId]) => {
          const root: SnapshotRoot = { ...repository.root, source: sourceOf(path), snapshotId }
          return [formatSource(sourceOf(path)), root] as const
        })
        return { ok: true, value: new Map(roots) }
      },
      verifySnapshot: async (root, options) => {
        budgets.push(options.mostBytes)
        if (signal.aborted) return { ok: false, failure: { kind: 'ended', reason: 'by the signal' } }
        return await repository.reader.verifySnapshot(root, options)
      },
    }),
    kopia: { snapshots: async () => ({ ok: true, value: setup.cached ?? [] }) },
    states: new Map(states.map((state) => [formatSource(state.source), state])),
    isWanted: () => true,
    isHere: () => false,
    isBackupRunning: () => false,
    listener: {
      onSources: () => undefined,
      onWait: () => undefined,
      onBegin: () => undefined,
      onProgress: () => undefined,
      onResult: async ({ path }, { result }) => void results.push({ path, result }),
      ...listener,
    },
    signal: new AbortController().signal,
    nowSeconds: () => {
      now += 1
      return now
    },
    random: createRandom(2),
    ...change,
  })
  return { results, budgets, outcomes: results.map(({ path, result }) => `${path} ${result.outcome}`) }
}

test('the source whose last verification is oldest comes first, one that never had its turn before all', async (context) => {
  const states = [stateOf('/new', 's1', 900), stateOf('/old', 's1', 300), stateOf('/never', 's1')]
  const { outcomes } = await run(context, { states })
  assert.deepEqual(outcomes, ['/never proven', '/old proven', '/new proven'])
})

test('the sources share what may be read, and what one does not need is left to the others', async (context) => {
  const states = ['/a', '/b', '/c', '/d'].map((path) => stateOf(path, 's1'))
  const { budgets, results } = await run(context, { states })
  let left = 1e6
  const expected = results.map(({ result }, index) => {
    const share = Math.floor(left / (4 - index))
    if (result.outcome !== 'unproven') left -= result.readBytes
    return share
  })
  assert.deepEqual(budgets, expected)
})

test('sources that are not wanted, and those without a snapshot, are left out', async (context) => {
  const states = [stateOf('/a', 's1'), newSource(sourceOf('/empty'), 1)]
  const { outcomes } = await run(context, {
    states,
    lists: [{ '/a': 's1', '/other': 's1' }],
    change: { isWanted: ({ path }) => path !== '/other' },
  })
  assert.deepEqual(outcomes, ['/a proven'])
})

test('a source that is ended by backups again and again gets its turn in the next run', async (context) => {
  let backups = 0
  const isBackupRunning = () => {
    backups += 1
    // Quiet when asked before the source, running when looked at meanwhile.
    return backups % 2 === 1 && backups > 1
  }
  const states = [stateOf('/a', 's1')]
  const { outcomes } = await run(context, { states, change: { isBackupRunning } })
  assert.deepEqual(outcomes.length <= 1, true)
})

test('a stop ends the run without a result', async (context) => {
  const stopping = new AbortController()
  const states = [stateOf('/a', 's1'), stateOf('/b', 's1')]
  const { outcomes } = await run(context, {
    states,
    change: { signal: stopping.signal },
    listener: { onBegin: () => stopping.abort() },
  })
  assert.deepEqual(outcomes, [])
})

test('a repository that does not answer proves nothing of any source', async (context) => {
  const failure: ReadFailure = { kind: 'unreachable', reason: 'connection refused' }
  const { results } = await run(context, { states: [stateOf('/a', 's1')], listFailures: [failure] })
  assert.deepEqual(results, [{ path: '/a', result: { outcome: 'unproven', reason: 'connection refused' } }])
})

test('snapshots that cannot be listed for damage are faulty, unless a second try lists them', async (context) => {
  const failure: ReadFailure = { kind: 'checksum', reason: 'invalid checksum at q1' }
  const states = [stateOf('/a', 's1')]
  const once = await run(context, { states, listFailures: [failure] })
  assert.deepEqual(once.outcomes, ['/a proven'])
  const { results } = await run(context, { states, listFailures: [failure, failure] })
  const [first] = results
  if (first?.result.outcome !== 'faulty') assert.fail('expected a fault')
  assert.deepEqual([first.result.snapshotId, first.result.errors.checksum], ['s1', 1])
})

test('a snapshot that only the cache lists is lost', async (context) => {
  const states = [stateOf('/a', 's2')]
  const cached = [snapshotOf('/a', 's1', 1000), snapshotOf('/a', 's2', 2000)]
  const { results } = await run(context, { states, cached, lists: [{ '/a': 's1' }] })
  const [first] = results
  if (first?.result.outcome !== 'faulty') assert.fail('expected a fault')
  assert.deepEqual([first.result.snapshotId, first.result.errors.missing_blob], ['s2', 1])
  const without = await run(context, { states, cached, lists: [{}] })
  assert.deepEqual(without.outcomes, ['/a faulty'])
})

test('a snapshot that is newer than the last success that the ledger knows is verified, whatever was deleted', async (context) => {
  const states = [stateOf('/a', 's2')]
  const deleted = await run(context, {
    states,
    cached: [snapshotOf('/a', 's1', 1000)],
    lists: [{ '/a': 's1' }],
  })
  assert.deepEqual(deleted.outcomes, ['/a proven'])
  // A backup ended between the two lists.
  const cached = [snapshotOf('/a', 's1', 1000), snapshotOf('/a', 's3', 3000)]
  const made = await run(context, { states, cached, lists: [{ '/a': 's1' }, { '/a': 's3' }] })
  assert.deepEqual(made.outcomes, ['/a proven'])
})

test('an older snapshot is no proof of the newest one that the ledger knows, whether that was deleted or is lost', async (context) => {
  const states = [{ ...stateOf('/a', 's2'), lastSuccessStartedAt: 2000 }]
  const reason =
    'the snapshot s2, the newest that the agent knows, is not in the repository any more: ' +
    'it was deleted, or its index is lost'
  const expected = [{ path: '/a', result: { outcome: 'unproven', reason } }]
  const cached = [snapshotOf('/a', 's1', 1000)]
  assert.deepEqual((await run(context, { states, cached, lists: [{ '/a': 's1' }] })).results, expected)
  assert.deepEqual((await run(context, { states, cached: [], lists: [{}] })).results, expected)
})
