import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createStartup, type StartupOptions } from '../../agent/daemon/startup.ts'

function createSteps(change: Partial<StartupOptions> = {}) {
  const steps: string[] = []
  const step = (name: string) => async () => void steps.push(name)
  const startup = createStartup({
    settings: { alwaysOn: true },
    ledger: {
      ...noUptime,
      isCounted: () => false,
      begin: () => void steps.push('begin'),
      endPast: () => void steps.push('end past'),
      noteUpToDate: () => void steps.push('note up to date'),
    },
    tracker: { hasJustWritten: () => false },
    ingest: { readEverything: step('read') },
    refresher: { noteOtherChanges: step('note changes') },
    repositoryQueries: { refreshIdentity: step('identity'), isReachable: () => true },
    reconciler: { refreshSnapshots: step('snapshots') },
    publisher: { save: step('save') },
    verifier: { begin: step('verifier') },
    verifications: { take: step('verifications') },
    onUpToDate: () => void steps.push('up to date'),
    look: step('look'),
    nowSeconds: () => 1000,
    ...change,
  })
  return { startup, steps }
}

const noUptime = { uptimeQuarters: undefined, setUptimeQuarters: () => undefined }

const unstopped = new AbortController().signal

test('the moment from which attempts count is on the disk before anything is read', async () => {
  const { startup, steps } = createSteps()
  await startup.begin()
  assert.deepEqual(steps, ['verifier', 'begin', 'save'])
})

test('a later start keeps the moment of the first', async () => {
  const ledger = {
    ...noUptime,
    isCounted: () => true,
    begin: () => assert.fail('begun anew'),
    endPast: () => undefined,
    noteUpToDate: () => undefined,
  }
  const { startup, steps } = createSteps({ ledger })
  await startup.begin()
  assert.deepEqual(steps, ['verifier'])
})

test('a machine that sleeps notes at each start that it is awake, and one that is always on forgets it', async () => {
  const noted: unknown[] = []
  const startAs = async (alwaysOn: boolean) => {
    const ledger = {
      uptimeQuarters: [0],
      setUptimeQuarters: (quarters: unknown) => void noted.push(quarters),
      isCounted: () => true,
      begin: () => undefined,
      endPast: () => undefined,
      noteUpToDate: () => undefined,
    }
    await createSteps({ settings: { alwaysOn }, ledger }).startup.begin()
  }
  await startAs(false)
  await startAs(true)
  assert.deepEqual(noted, [[0, 1], undefined])
})

test('the past is read, then Kopia is asked, and the ledger is saved before the agent is up to date', async () => {
  const { startup, steps } = createSteps()
  await startup.catchUp(unstopped)
  assert.deepEqual(steps, [
    'note changes',
    'read',
    'identity',
    'snapshots',
    'end past',
    'verifications',
    'note up to date',
    'save',
    'up to date',
    'look',
  ])
})

test('a log that never becomes quiet holds the start for 2 s at most', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] })
  let isOver = false
  const { startup, steps } = createSteps({ tracker: { hasJustWritten: () => true } })
  const caughtUp = startup.catchUp(unstopped).then(() => {
    isOver = true
  })
  let waitedMs = 0
  for (; !isOver && waitedMs < 10_000; waitedMs += 25) {
    await new Promise<void>((resolve) => setImmediate(resolve))
    context.mock.timers.tick(25)
  }
  await caughtUp
  assert.ok(waitedMs <= 2100, `it waited ${waitedMs} ms`)
  assert.ok(steps.includes('up to date'))
})

test('a start that is stopped while it reads asks Kopia nothing and is not up to date', async () => {
  const stopping = new AbortController()
  const { startup, steps } = createSteps({
    ingest: { readEverything: async () => stopping.abort() },
    tracker: { hasJustWritten: () => true },
  })
  await startup.catchUp(stopping.signal)
  assert.deepEqual(steps, ['note changes'])
})

test('a repository that cannot be asked leaves the past open, so that later answers count for it', async () => {
  const repositoryQueries = { refreshIdentity: async () => undefined, isReachable: () => false }
  const { startup, steps } = createSteps({ repositoryQueries })
  await startup.catchUp(unstopped)
  assert.equal(steps.includes('end past'), false)
  assert.equal(steps.includes('up to date'), true)
})
