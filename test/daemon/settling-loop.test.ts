import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createFaultGuard } from '../../agent/daemon/faults.ts'
import { createSettlingLoop, type SettlingLoopOptions } from '../../agent/daemon/settling-loop.ts'
import { noEvidence } from '../../agent/kopia/runs/evidence.ts'
import { newRun, type Run } from '../../agent/kopia/runs/run.ts'
import { createLogRecorder } from '../support/log-recorder.ts'

type Change = Partial<SettlingLoopOptions> & { readonly runs?: ReadonlyMap<string, Run> }

function createLoop({ runs = new Map(), ...change }: Change = {}) {
  const log = createLogRecorder()
  const steps: string[] = []
  const note = <T>(step: string, value: T) => {
    steps.push(step)
    return value
  }
  const loop = createSettlingLoop({
    tracker: { runs, endFinishedRuns: async () => note('end', undefined) },
    intake: { take: async () => note('take', undefined), hasNewEvents: () => false },
    reconciler: {
      noteBeginnings: () => false,
      settle: async () => note('settle', false),
      runningSince: () => new Map(),
      isWaiting: () => false,
    },
    maySettle: () => true,
    publish: async () => note('publish', undefined),
    faults: createFaultGuard(log),
    nowSeconds: () => 1000,
    ...change,
  })
  return { loop, steps, log }
}

test('a look takes events first, then ends and settles runs, and publishes nothing where nothing has changed', async () => {
  const { loop, steps } = createLoop()
  await loop.look()
  assert.deepEqual(steps, ['take', 'end', 'settle'])
})

const idle = {
  noteBeginnings: () => false,
  settle: async () => false,
  runningSince: () => new Map(),
  isWaiting: () => false,
}

const changes: Readonly<Record<string, Change>> = {
  'an event was taken': { intake: { take: async () => undefined, hasNewEvents: () => true } },
  'an attempt has begun': {
    reconciler: { ...idle, noteBeginnings: () => true },
  },
  'a run was settled': {
    reconciler: { ...idle, settle: async () => true },
  },
}
for (const [name, change] of Object.entries(changes)) {
  test(`${name}: the ledger is published`, async () => {
    const { loop, steps } = createLoop(change)
    await loop.look()
    assert.equal(steps.at(-1), 'publish')
  })
}

test('nothing is settled before the past is read', async () => {
  const { loop, steps } = createLoop({ maySettle: () => false })
  await loop.look()
  assert.deepEqual(steps, ['take', 'end'])
})

test('a spool that cannot be read does not stop the settling of logs, and is reported once', async () => {
  const take = () => Promise.reject(new Error('ENOENT: no such file or directory'))
  const { loop, steps, log } = createLoop({ intake: { take, hasNewEvents: () => false } })
  for (let looks = 0; looks < 5; looks += 1) await loop.look()
  assert.equal(steps.filter((step) => step === 'settle').length, 5)
  assert.deepEqual(log.lines('error'), [
    'Reading the spool failed, it is tried again: ENOENT: no such file or directory',
  ])
})

test('an open run is looked at until it ends, and no longer than until the stop', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] })
  const runs = new Map<string, Run>([['run', { ...newRun(1, 'snapshot-create'), evidence: noEvidence }]])
  const { loop, steps } = createLoop({ runs })
  const looks = () => steps.filter((step) => step === 'take').length
  const stopping = new AbortController()
  loop.start(stopping.signal)
  await loop.look()
  for (let count = 2; count < 5; count += 1) {
    context.mock.timers.tick(250)
    await loop.idle()
    assert.equal(looks(), count)
  }
  stopping.abort()
  context.mock.timers.tick(60_000)
  await loop.idle()
  assert.equal(looks(), 4)
})

test('after the last look no hint makes another', async () => {
  const { loop, steps } = createLoop()
  await loop.finish()
  const before = steps.length
  await loop.look()
  assert.deepEqual([before > 0, steps.length], [true, before])
})
