import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { createFaultGuard } from '../../agent/daemon/faults.ts'
import { createRefresher, type RefresherOptions } from '../../agent/daemon/refresher.ts'
import { createLedger, emptyLedger } from '../../agent/ledger/ledger.ts'
import { createLogRecorder } from '../support/log-recorder.ts'

function createParts(change: Partial<RefresherOptions> = {}) {
  const log = createLogRecorder()
  const steps: string[] = []
  const step = (name: string) => async () => void steps.push(name)
  const ledger = createLedger(emptyLedger)
  const refresher = createRefresher({
    settings: {
      alwaysOn: true,
      cliLogs: '/there/are/no/logs',
      instance: 'vm',
      refreshSchedule: '*/5 * * * *',
      repositorySchedule: '17 */6 * * *',
      scope: 'local',
    },
    ledger,
    tracker: { runs: new Map() },
    reconciler: { refreshSnapshots: step('snapshots'), noteDoubts: () => false, isWaiting: () => false },
    repositoryQueries: {
      snapshots: async () => ({ kind: 'unavailable' }),
      refreshIdentity: step('identity'),
      refreshPolicies: step('policies'),
      refreshFigures: step('figures'),
      isReachable: () => true,
      waitingSince: () => undefined,
    },
    publisher: { save: step('save'), requestPush: () => void steps.push('push') },
    spool: { tidy: step('tidy') },
    verifications: { take: step('verifications') },
    look: step('look'),
    faults: createFaultGuard(log),
    nowSeconds: () => 900 * 1000,
    log,
    ...change,
  })
  return { refresher, steps, ledger, log }
}

test('a heartbeat where nothing may have changed is one push and no question', async () => {
  const { refresher, steps } = createParts()
  await refresher.heartbeat()
  await refresher.finish()
  assert.deepEqual(steps, ['verifications', 'push', 'save'])
})

test('the heartbeat does not wait for Kopia, which is asked one question at a time', async () => {
  let asked = 0
  let answer: () => void = () => undefined
  const { refresher, steps } = createParts({
    reconciler: {
      noteDoubts: () => false,
      isWaiting: () => true,
      refreshSnapshots: () => {
        asked += 1
        return new Promise<void>((resolve) => {
          answer = resolve
        })
      },
    },
  })
  for (let beats = 0; beats < 5; beats += 1) {
    await refresher.heartbeat()
    while (asked === 0) await nextTurn()
  }
  assert.deepEqual([asked, steps.filter((step) => step === 'push').length], [1, 5])
  // The beats that came meanwhile make one more question.
  answer()
  while (asked < 2) await nextTurn()
  answer()
  await refresher.finish()
  assert.equal(asked, 2)
})

test('the figures of the repository are asked for one at a time, however often they are due', async () => {
  let underWay = 0
  let most = 0
  const release: (() => void)[] = []
  const { refresher } = createParts({
    repositoryQueries: {
      snapshots: async () => ({ kind: 'unavailable' }),
      refreshIdentity: async () => undefined,
      refreshPolicies: async () => undefined,
      isReachable: () => true,
      waitingSince: () => undefined,
      refreshFigures: async () => {
        underWay += 1
        most = Math.max(most, underWay)
        await new Promise<void>((resolve) => release.push(resolve))
        underWay -= 1
      },
    },
  })
  const due = Array.from({ length: 5 }, () => refresher.refreshFigures())
  while (release.length < 2) {
    await nextTurn()
    release[0]?.()
  }
  release[1]?.()
  await Promise.all(due)
  assert.deepEqual([most, release.length], [1, 2])
})

test('a spool that cannot be tidied does not cost the figures, and is reported once', async () => {
  const tidy = () => Promise.reject(new Error('ENOENT'))
  const { refresher, steps, log } = createParts({ spool: { tidy } })
  for (let times = 0; times < 3; times += 1) await refresher.refreshFigures()
  assert.deepEqual(steps, ['figures', 'push', 'save', 'figures', 'push', 'save', 'figures', 'push', 'save'])
  assert.equal(log.lines('error').length, 1)
})

test('a machine that may sleep notes when it was awake; one that is always on does not', async () => {
  const settings = {
    alwaysOn: false,
    cliLogs: '/there/are/no/logs',
    instance: 'vm',
    refreshSchedule: '*/5 * * * *',
    repositorySchedule: '17 */6 * * *',
    scope: 'local',
  } as const
  for (const [alwaysOn, expected] of [
    [false, [1000]],
    [true, undefined],
  ] as const) {
    const { refresher, ledger } = createParts({ settings: { ...settings, alwaysOn } })
    await refresher.heartbeat()
    assert.deepEqual(ledger.uptimeQuarters, expected)
  }
})

/** Runs the schedules of the refresher for so many seconds, by timers and a clock that the test moves. */
async function runSchedules(context: TestContext, seconds: number, change: Partial<RefresherOptions> = {}) {
  context.mock.timers.enable({
    apis: ['setTimeout', 'setInterval', 'Date'],
    now: Date.parse('2026-11-24T12:00:30Z'),
  })
  const parts = createParts({ settings: { ...everyMinute, repositorySchedule: '* * * * *' }, ...change })
  const stopping = new AbortController()
  parts.refresher.start(stopping.signal)
  for (let second = 0; second < seconds; second += 1) {
    context.mock.timers.tick(1000)
    await nextTurn()
  }
  stopping.abort()
  await parts.refresher.finish()
  return parts
}

const everyMinute = {
  alwaysOn: true,
  cliLogs: '/there/are/no/logs',
  instance: 'vm',
  refreshSchedule: '0 0 1 1 *',
  scope: 'local',
} as const

test('the repository schedule asks for identity, policies, snapshots and figures, though no log shows a change', async (context) => {
  const { steps } = await runSchedules(context, 61)
  assert.deepEqual(steps.slice(0, 6), ['identity', 'snapshots', 'tidy', 'figures', 'push', 'save'])
})

test('where Kopia does not answer, the repository schedule asks one question', async (context) => {
  const asked: string[] = []
  const ask = (name: string) => async () => void asked.push(name)
  const { steps } = await runSchedules(context, 61, {
    repositoryQueries: {
      snapshots: async () => ({ kind: 'unavailable' }),
      refreshIdentity: ask('identity'),
      refreshPolicies: ask('policies'),
      refreshFigures: ask('figures'),
      isReachable: () => false,
      waitingSince: () => undefined,
    },
  })
  assert.deepEqual([asked, steps], [['identity'], ['tidy']])
})

test('Kopia that has never answered is asked for everything, then what ended meanwhile is settled', async () => {
  const { refresher, steps } = createParts({
    repositoryQueries: {
      snapshots: async () => ({ kind: 'unavailable' }),
      refreshIdentity: async () => void steps.push('identity'),
      refreshPolicies: async () => void steps.push('policies'),
      refreshFigures: async () => void steps.push('figures'),
      isReachable: () => undefined,
      waitingSince: () => undefined,
    },
  })
  await refresher.heartbeat()
  await refresher.finish()
  assert.deepEqual(steps, ['verifications', 'push', 'save', 'identity', 'snapshots', 'look', 'push', 'save'])
})
