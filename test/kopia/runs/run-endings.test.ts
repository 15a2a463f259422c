import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Attempt, noEvidence } from '../../../agent/kopia/runs/evidence.ts'
import type { Processes } from '../../../agent/kopia/runs/process.ts'
import { newRun, type OpenRun, type Run } from '../../../agent/kopia/runs/run.ts'
import { createRunEndings } from '../../../agent/kopia/runs/run-endings.ts'
import { createRunStore } from '../../../agent/kopia/runs/run-store.ts'
import { formatSource, type Source } from '../../../agent/kopia/source.ts'
import { machineWith } from '../../support/processes-of-test.ts'

const now = 100_000
const source = { user: 'root', host: 'vm', path: '/data/x' }
const open: OpenRun = { ...newRun(42, 'snapshot-create'), lastSignAt: now }
const seen: OpenRun = { ...open, process: 'first' }
const backingUp = (startedAt: number, path = source.path): Pick<OpenRun, 'preview'> => {
  const attempt: Attempt = { source: { ...source, path }, origin: 'command', startedAt }
  return { preview: { ...noEvidence, attempts: [attempt] } }
}

function endingOf(
  run: OpenRun,
  setup: {
    readonly others?: Readonly<Record<string, Run>>
    readonly processes?: Processes
    readonly isComplete?: boolean
    readonly longest?: Readonly<Record<string, number>>
  } = {},
) {
  const { others = {}, processes = machineWith(), isComplete = true, longest = {} } = setup
  const { endIfOver } = createRunEndings({
    store: createRunStore(new Map(Object.entries({ r: run, ...others })), () => now),
    processes,
    longestSuccessSeconds: (of: Source) => longest[formatSource(of)],
    newestStartOf: () => undefined,
    seenAliveAt: () => undefined,
    nowSeconds: () => now,
  })
  const ended = endIfOver('r', { run, isComplete })
  if (ended === undefined) return 'goes on'
  return ended.isSilent ? 'ended by silence' : 'ended'
}

test('a run ends if its process was seen and is gone, unless its log could not be read', () => {
  assert.equal(endingOf(seen), 'ended')
  assert.equal(endingOf(seen, { isComplete: false }), 'goes on')
  assert.equal(endingOf({ ...seen, lastSignAt: now - 60 }, { isComplete: false }), 'ended')
})

test('a process that was never seen is gone at once if its pid is free and other processes of Kopia were seen', () => {
  const others = { other: { ...seen, processId: 43 } }
  assert.equal(endingOf(open, { others }), 'ended')
  assert.equal(endingOf(open, { others, processes: machineWith({ living: { 42: 'first' } }) }), 'goes on')
  assert.equal(
    endingOf(open, { others, processes: machineWith({ inContainers: { r: 'first@9042' } }) }),
    'goes on',
  )
  assert.equal(endingOf(open), 'goes on')
})

test('a pid belongs to another process if that one has started since the run wrote last', () => {
  const others = { other: { ...seen, processId: 43 } }
  const ending = (startedAt: number) =>
    endingOf(open, { others, processes: machineWith({ living: { 42: 'reused' }, startedAt }) })
  assert.equal(ending(open.lastSignAt + 9), 'goes on', 'the clock may have been set')
  assert.equal(ending(open.lastSignAt + 10), 'ended')
})

test('a process that writes on though it could not be found is not gone, whatever other processes were seen', () => {
  const others = { other: { ...seen, processId: 43 } }
  assert.equal(endingOf({ ...open, unseenAt: now - 10 }, { others }), 'goes on')
})

test('a run from before the start of the machine is over', () => {
  const bootedAt = (at: number) => machineWith({ bootedAt: at })
  assert.equal(endingOf(open, { processes: bootedAt(now + 60) }), 'goes on')
  assert.equal(endingOf(open, { processes: bootedAt(now + 61) }), 'ended')
  const server = { ...newRun(42, 'server-start'), lastSignAt: now - 300, unseenAt: now - 400 }
  assert.equal(endingOf(server, { processes: bootedAt(now - 100) }), 'ended')
})

test('the longest good backup among its sources is how long a run may be silent', () => {
  const longest = { 'root@vm:/data/x': 3000, 'root@vm:/data/y': 9000 }
  const silentFor = (seconds: number, path: string) => ({
    ...open,
    ...backingUp(1, path),
    lastSignAt: now - seconds,
  })
  assert.equal(endingOf(silentFor(8999, '/data/x'), { longest }), 'goes on')
  assert.equal(endingOf(silentFor(9000, '/data/x'), { longest }), 'ended by silence')
  assert.equal(endingOf(silentFor(26_999, '/data/y'), { longest }), 'goes on')
  assert.equal(endingOf(silentFor(27_000, '/data/y'), { longest }), 'ended by silence')
})

test('a silent run ends once a later run backs up one of its sources', () => {
  const silent = { ...open, ...backingUp(now - 120), lastSignAt: now - 100 }
  const later = (change: Partial<OpenRun>) => ({ others: { later: { ...seen, processId: 43, ...change } } })
  const visible = machineWith({ living: { 42: 'reused' } })
  const ending = (change: Partial<OpenRun>) => endingOf(silent, { ...later(change), processes: visible })
  assert.equal(ending(backingUp(now - 5)), 'ended by silence')
  assert.equal(ending(backingUp(now - 110)), 'goes on', 'it began while the silent run still wrote')
  assert.equal(ending(backingUp(now - 5, '/data/y')), 'goes on')
  const configuration = { kind: 'other', path: '/etc/nas.config' } as const
  assert.equal(ending({ ...backingUp(now - 5), configuration }), 'goes on')
})

test('a run that a later one supersedes ended before that one began, so that the later outcome is the newer one', () => {
  const silent = { ...open, ...backingUp(now - 60), lastSignAt: now - 50 }
  const later = { ...seen, ...backingUp(now - 49.8), processId: 43 }
  const { endIfOver } = createRunEndings({
    store: createRunStore(new Map(Object.entries({ r: silent, later })), () => now),
    processes: machineWith({ living: { 42: 'another process' } }),
    longestSuccessSeconds: () => undefined,
    newestStartOf: () => undefined,
    seenAliveAt: () => undefined,
    nowSeconds: () => now,
  })
  assert.equal(endIfOver('r', { run: silent, isComplete: true })?.endedAt, now - 49.8)
})
