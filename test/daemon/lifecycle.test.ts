import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type AgentState, createLifecycle, type LifecycleOptions } from '../../agent/daemon/lifecycle.ts'
import { createLogRecorder } from '../support/log-recorder.ts'

function createAgentOf(change: (steps: string[]) => Partial<LifecycleOptions> = () => ({})) {
  const steps: string[] = []
  const step = (name: string) => async () => void steps.push(name)
  const state: AgentState = { progress: 'starting', pushes: 'once', heartbeatSeconds: undefined }
  const stopping = new AbortController()
  const agent = createLifecycle({
    settings: {
      refreshSchedule: '*/5 * * * *',
      cliLogs: '/logs',
      stateDirectory: '/state',
      lifetime: { kind: 'service' },
    },
    state,
    stopping,
    ledger: { sources: new Map() },
    tracker: { runs: new Map() },
    reconciler: { isWaiting: () => false, refreshSnapshots: step('refresh snapshots') },
    random: () => 0.5,
    serviceManager: {
      watchdogMs: undefined,
      ready: step('ready'),
      status: step('status'),
      alive: step('alive'),
      stopping: step('stopping'),
    },
    ingest: {
      readEverything: step('read'),
      startSweeping: () => void steps.push('sweep'),
      startWatching: step('watch'),
      finish: step('ingest finished'),
    },
    loop: {
      start: () => void steps.push('loop'),
      look: step('look'),
      idle: step('idle'),
      finish: step('last look'),
    },
    startup: {
      begin: step('begin'),
      catchUp: async () => {
        steps.push('catch up')
        state.progress = 'up to date'
      },
    },
    refresher: {
      start: () => void steps.push('schedules'),
      heartbeat: step('heartbeat'),
      refreshFigures: step('figures'),
      noteOtherChanges: step('note changes'),
      finish: step('refresher finished'),
    },
    verifier: { start: () => void steps.push('verify schedule'), finish: step('verifier finished') },
    repositoryQueries: { isReachable: () => true, refreshFigures: step('figures') },
    publisher: {
      save: step('save'),
      requestPush: () => void steps.push('request push'),
      publishOnce: async () => {
        steps.push('push once')
        return { ok: true }
      },
      stop: step('last push'),
      pushFault: () => undefined,
    },
    listen: async () => void steps.push('listen'),
    log: createLogRecorder(),
    ...change(steps),
  })
  return { agent, steps, state, stopping }
}

test('logs are read before they are watched, and schedules run once the agent is up to date', async () => {
  const { agent, steps, state } = createAgentOf()
  await agent.run()
  const order = ['listen', 'begin', 'ready', 'loop', 'sweep', 'read', 'watch', 'catch up', 'request push']
  assert.deepEqual(steps, [...order, 'save', 'schedules', 'verify schedule', 'status', 'figures'])
  assert.equal(state.heartbeatSeconds, 300)
})

test('push promises no heartbeat, starts no timer and pushes once, after the ledger is saved', async () => {
  const { agent, steps, state } = createAgentOf()
  assert.deepEqual(await agent.pushOnce(), { ok: true })
  assert.deepEqual(steps, ['begin', 'catch up', 'figures', 'last look', 'save', 'push once'])
  assert.equal(state.heartbeatSeconds, undefined)
})

test('a stop while the service manager does not answer begins nothing afterwards', async () => {
  const never = new Promise<void>(() => undefined)
  const { agent, steps, stopping } = createAgentOf((all) => ({
    serviceManager: {
      watchdogMs: undefined,
      ready: () => {
        all.push('ready')
        return never
      },
      status: () => never,
      alive: () => never,
      stopping: () => never,
    },
    ingest: {
      readEverything: async (signal) => assert.ok(signal?.aborted),
      startSweeping: (signal) => assert.ok(signal.aborted),
      startWatching: async (signal) => assert.ok(signal.aborted),
      finish: async () => void all.push('ingest finished'),
    },
    loop: {
      start: (signal) => assert.ok(signal.aborted),
      look: async () => undefined,
      idle: async () => undefined,
      finish: async () => void all.push('last look'),
    },
    startup: { begin: async () => void all.push('begin'), catchUp: async () => undefined },
  }))
  const run = agent.run()
  while (!steps.includes('ready')) await new Promise<void>((resolve) => setImmediate(resolve))
  await agent.stop()
  await run
  assert.ok(stopping.signal.aborted)
  const finished = ['ingest finished', 'refresher finished', 'verifier finished']
  assert.deepEqual(steps.slice(-5), [...finished, 'last look', 'save'])
  assert.equal(steps.includes('schedules'), false)
})

test('a stop waits for the start, then saves last', async () => {
  let endCatchUp: () => void = () => undefined
  const { agent, steps } = createAgentOf((all) => ({
    startup: {
      begin: async () => undefined,
      catchUp: async () => {
        await new Promise<void>((resolve) => {
          endCatchUp = resolve
        })
        all.push('caught up')
      },
    },
  }))
  const run = agent.run()
  while (!steps.includes('watch')) await new Promise<void>((resolve) => setImmediate(resolve))
  await new Promise<void>((resolve) => setImmediate(resolve))
  const stopped = agent.stop()
  endCatchUp()
  await Promise.all([run, stopped])
  assert.ok(steps.indexOf('caught up') < steps.indexOf('ingest finished'))
  assert.equal(steps.at(-1), 'save')
  assert.equal(steps.includes('schedules'), false)
})

test('an agent that is up to date pushes a last time before it ends', async () => {
  const { agent, steps } = createAgentOf()
  await agent.run()
  await agent.stop()
  assert.deepEqual(steps.slice(-3), ['last look', 'last push', 'save'])
})

test('a start that fails rejects, and can still be stopped', async () => {
  const { agent } = createAgentOf(() => ({ listen: () => Promise.reject(new Error('EADDRINUSE')) }))
  await assert.rejects(agent.run(), /EADDRINUSE/)
  await agent.stop()
})
