import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bringLastResults, type LastResultsOptions } from '../../agent/daemon/last-results.ts'
import type { Run } from '../../agent/kopia/runs/run.ts'
import type { PushResult } from '../../agent/push/pushgateway.ts'
import { createLogRecorder } from '../support/log-recorder.ts'

const longEnoughMs = 60_000

/** A run that is settled at the `lookUntilSettled`th look, and a gateway that gives these answers in turn. */
function createJob(lookUntilSettled: number, answers: readonly PushResult[] = [{ ok: true }]) {
  const steps: string[] = []
  const runs = new Map<string, Pick<Run, 'state'>>([['earlier', { state: 'settled' }]])
  if (lookUntilSettled > 0) runs.set('last', { state: 'ended' })
  const log = createLogRecorder()
  let looks = 0
  let pushes = 0
  const options: LastResultsOptions = {
    state: { progress: 'up to date' },
    tracker: { runs },
    ingest: {
      readEverything: async () => {
        steps.push('read')
        looks += 1
        if (looks === lookUntilSettled) runs.set('last', { state: 'settled' })
      },
    },
    reconciler: { isWaiting: () => false, refreshSnapshots: async () => void steps.push('ask') },
    publisher: {
      save: async () => void steps.push('save'),
      publishOnce: async () => {
        steps.push('push')
        pushes += 1
        return answers[Math.min(pushes, answers.length) - 1] ?? { ok: true }
      },
    },
    random: () => 0,
    log,
  }
  return { options, steps, log }
}

test('the logs are read to their end, the runs settled, and the result saved and pushed', async () => {
  const { options, steps } = createJob(3)
  await bringLastResults(options, Promise.resolve(), longEnoughMs)
  assert.deepEqual(steps, ['read', 'read', 'read', 'save', 'push'])
})

test('without an open run nothing is waited for', async () => {
  const { options, steps } = createJob(0)
  await bringLastResults(options, Promise.resolve(), longEnoughMs)
  assert.deepEqual(steps, ['read', 'save', 'push'])
})

test('a run about which Kopia was asked in vain is asked about again, less and less often', async () => {
  const { options, steps } = createJob(Number.POSITIVE_INFINITY)
  let answers = 0
  const runs = new Map([['last', { state: 'ended' as 'ended' | 'settled' }]])
  const waiting: LastResultsOptions = {
    ...options,
    tracker: { runs },
    reconciler: {
      isWaiting: () => runs.get('last')?.state === 'ended',
      refreshSnapshots: async () => {
        steps.push('ask')
        answers += 1
        if (answers === 2) runs.set('last', { state: 'settled' })
      },
    },
  }
  await bringLastResults(waiting, Promise.resolve(), longEnoughMs)
  assert.deepEqual(steps, ['read', 'ask', 'read', 'ask', 'read', 'save', 'push'])
})

test('a push that fails is repeated until the gateway takes it', async () => {
  const { options, steps, log } = createJob(1, [{ ok: false, reason: 'no answer' }, { ok: true }])
  await bringLastResults(options, Promise.resolve(), longEnoughMs)
  assert.deepEqual(steps, ['read', 'save', 'push', 'push'])
  assert.match(log.lines('warn').join('\n'), /The last push failed: no answer/)
})

test('at the limit the run that has no result is reported, and what is known is saved and pushed', async () => {
  const { options, steps, log } = createJob(Number.POSITIVE_INFINITY)
  await bringLastResults(options, Promise.resolve(), 300)
  assert.deepEqual(steps.slice(-2), ['save', 'push'])
  assert.match(log.lines('warn').join('\n'), /A run of Kopia has no result yet/)
})

test('what the start does after the agent is up to date is not waited for', async () => {
  const { options, steps } = createJob(1)
  await bringLastResults(options, new Promise<void>(() => undefined), longEnoughMs)
  assert.deepEqual(steps, ['read', 'save', 'push'])
})

test('an agent that still reads the past, or whose start failed, pushes nothing', async () => {
  const never = () => new Promise<void>(() => undefined)
  const failed = () => Promise.reject(new Error('EADDRINUSE'))
  for (const start of [never, failed]) {
    const { options, steps, log } = createJob(1)
    const unready: LastResultsOptions = { ...options, state: { progress: 'reading the past' } }
    await bringLastResults(unready, start(), 50)
    assert.deepEqual(steps, [])
    // The caller reports a start that failed.
    assert.equal(log.lines('warn').length, start === never ? 1 : 0)
  }
})
