import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { HookCall, Run } from '../../agent/kopia/runs/run.ts'
import { createLedger, emptyLedger } from '../../agent/ledger/ledger.ts'
import { createDoubts } from '../../agent/reconcile/doubts.ts'
import { pendingAttempts, pendingRuns } from '../../agent/reconcile/pending.ts'
import { status } from '../support/fake-kopia.ts'
import { createLogRecorder } from '../support/log-recorder.ts'
import {
  begin,
  data,
  endedRun,
  failedBefore,
  line,
  lostAtFlush,
  mail,
  openRun,
} from '../support/reconciling.ts'

type Setup = {
  readonly run?: Run
  readonly isReachable?: boolean | undefined
  readonly waitingSince?: number
  readonly isWantedHere?: () => boolean
}

function createSetup({ run = endedRun(5, lostAtFlush), ...facts }: Setup = {}) {
  const { isReachable, waitingSince, isWantedHere = () => true } = { isReachable: false, ...facts }
  const clock = { now: begin }
  const ledger = createLedger({ ...emptyLedger, begunAt: 1, repository: { status } })
  for (const source of [data, mail]) ledger.addSource(source, begin)
  const log = createLogRecorder()
  const doubts = createDoubts({
    ledger,
    repositoryQueries: { isReachable: () => isReachable, waitingSince: () => waitingSince },
    isWantedHere,
    nowSeconds: () => clock.now,
    log,
  })
  const noteAt = (seconds: number) => {
    clock.now = begin + seconds
    const runs = new Map([['one', run]])
    return doubts.note([...pendingAttempts(runs, status, clock.now), ...pendingRuns(runs)])
  }
  const unproven = () =>
    [...ledger.sources.values()].flatMap((state) => (state.unproven ? [state.source] : []))
  return { ledger, log, noteAt, unproven }
}

test('an attempt that waits for 600 s while Kopia does not answer is unproven, and this is said once', () => {
  const { ledger, log, noteAt, unproven } = createSetup()
  assert.equal(noteAt(5 + 599.9), false)
  assert.deepEqual(unproven(), [])
  assert.equal(noteAt(5 + 600), true)
  assert.equal(noteAt(5 + 700), false)
  assert.deepEqual(unproven(), [data, mail])
  const [state] = ledger.sources.values()
  assert.deepEqual(state?.unproven, {
    since: begin + 5,
    reason: 'nothing proves the last backup: the repository has not shown it since it ended',
  })
  assert.equal(log.lines('warn').length, 2)
})

const neverDoubtful: Readonly<Record<string, Setup>> = {
  'Kopia answers': { isReachable: true },
  'Kopia was not asked yet': { isReachable: undefined },
  'the settings leave the source out': { isWantedHere: () => false },
}
for (const [name, setup] of Object.entries(neverDoubtful)) {
  test(`nothing is unproven where ${name}`, () => {
    const { noteAt, unproven } = createSetup(setup)
    assert.equal(noteAt(9000), false)
    assert.deepEqual(unproven(), [])
  })
}

test('a newer attempt of the source is not put in doubt by an older one that waits', () => {
  const { ledger, noteAt, unproven } = createSetup()
  ledger.addFinished({ ...failedBefore, outcome: 'success', endedAt: begin + 60 }, begin + 60)
  noteAt(9000)
  assert.deepEqual(unproven(), [mail])
})

test('what a server has finished and what only hooks report waits, too', () => {
  const server = openRun([line.startingUpload(0), line.createdByServer(2, 'i1'), line.finished(2)], {
    command: 'server-start',
  })
  const call: HookCall = {
    action: 'after',
    phase: 'call',
    callId: 'a',
    path: '/mail',
    processId: 1,
    at: begin,
  }
  const hooks = endedRun(2, [], { readBytes: {}, hookCalls: [call] })
  for (const [run, source] of [
    [server, data],
    [hooks, mail],
  ] as const) {
    const { noteAt, unproven } = createSetup({ run })
    assert.equal(noteAt(602), true)
    assert.deepEqual(unproven(), [source])
  }
})

test('a question that hangs for 600 s, and another repository, prove as little as a refusal', () => {
  const hanging = createSetup({ isReachable: true, waitingSince: begin + 100 })
  assert.equal(hanging.noteAt(100 + 599), false)
  assert.equal(hanging.noteAt(100 + 600), true)
  const elsewhere = createSetup({ isReachable: true })
  assert.equal(elsewhere.noteAt(700), false)
  elsewhere.ledger.updateRepository({ changedTo: { ...status, repositoryId: 'other' } })
  assert.equal(elsewhere.noteAt(700), true)
})
