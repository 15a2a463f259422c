import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Snapshot } from '../../agent/kopia/cli/snapshots.ts'
import { asSettled, type Run } from '../../agent/kopia/runs/run.ts'
import { createLedger, emptyLedger } from '../../agent/ledger/ledger.ts'
import { createUnexplainedSnapshots } from '../../agent/reconcile/unexplained-snapshots.ts'
import { status } from '../support/fake-kopia.ts'
import { createLogRecorder } from '../support/log-recorder.ts'
import { begin, data, endedRun, goodLog, line, openRun, snapshotAt } from '../support/reconciling.ts'

function createSetup(...runs: readonly Run[]) {
  const ledger = createLedger({ ...emptyLedger, begunAt: begin, repository: { status } })
  const log = createLogRecorder()
  let count = 0
  const tracker = { runs: new Map(runs.map((run, index) => [`run ${index}`, run])) }
  const onUnexplained = () => {
    count += 1
  }
  const unexplained = createUnexplainedSnapshots({ ledger, tracker, onUnexplained, log })
  const note = (...found: readonly Snapshot[]) => {
    unexplained.note(found[0]?.source ?? data, found)
    return count
  }
  return { note, log }
}

const settled = asSettled(endedRun(3, goodLog), 'untold')
const open = openRun([line.snapshotting(1000), line.opened(1100)])
const server = (...lines: readonly string[]) => openRun(lines, { command: 'server-start' })

const cases: readonly (readonly [name: string, runs: readonly Run[], at: number, count: 0 | 1])[] = [
  ['no run at all', [], 100, 1],
  ['a run that had ended a minute before', [settled], 64, 1],
  ['a run that ended within a minute', [settled], 62, 0],
  ['a settled run without results, as of an empty log', [asSettled(endedRun(3, []), 'untold')], 1, 0],
  ['a run whose own attempts are known', [asSettled(endedRun(3, goodLog), 'told')], 1, 1],
  ['an open run', [open], 1050, 0],
  ['an open run that began later', [open], 900, 1],
  ['an open run that has been silent since', [open], 1200, 1],
  ['a server whose log shows its snapshots', [server(line.opened(0))], 100, 1],
  ['a server whose log shows nothing', [server()], 100, 0],
]
for (const [name, runs, at, count] of cases) {
  test(`${name} ${count === 0 ? 'explains' : 'does not explain'} a snapshot`, () => {
    assert.equal(createSetup(...runs).note(snapshotAt('i1', at)), count)
  })
}

test('snapshots of other machines and from before the first start need no explanation', () => {
  const { note, log } = createSetup()
  assert.equal(note(snapshotAt('i1', 100, { ...data, host: 'other' })), 0)
  assert.equal(note(snapshotAt('i1', 100, { ...data, user: 'other' })), 0)
  assert.equal(note(snapshotAt('i1', -100)), 0)
  assert.deepEqual(log.lines('warn'), [])
})

test('each snapshot is counted, and each source is said once', () => {
  const { note, log } = createSetup()
  note(snapshotAt('i1', 100), snapshotAt('i2', 200))
  note(snapshotAt('i3', 300))
  assert.equal(note(snapshotAt('i4', 300, { ...data, path: '/mail' })), 4)
  assert.deepEqual(
    log.lines('warn').map((text) => text.split(':', 2).join(':')),
    ['root@vm:/data', 'root@vm:/mail'],
  )
})
