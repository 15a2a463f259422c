import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { EndedRun, HookCall } from '../../agent/kopia/runs/run.ts'
import { snapshotsNeeded, subjectOfRun } from '../../agent/reconcile/subjects.ts'
import { data, endedRun, goodLog, line, lostAtFlush } from '../support/reconciling.ts'

const call: HookCall = { action: 'after', phase: 'call', callId: 'a', path: '/data', processId: 1, at: 1 }
const cases: readonly (readonly [name: string, runs: readonly EndedRun[], needed: object])[] = [
  ['nothing', [], { kind: 'none' }],
  ['a run without a source', [endedRun(3, [line.opened(0), line.closed(1)])], { kind: 'none' }],
  ['runs of one source', [endedRun(3, goodLog), endedRun(9, goodLog)], { kind: 'one source', source: data }],
  ['a run of two sources', [endedRun(5, lostAtFlush)], { kind: 'all' }],
  ['an empty log of a backup', [endedRun(3, [], { readBytes: { 'k.0.log': 0 } })], { kind: 'all' }],
  [
    'a log of a backup that says nothing',
    [endedRun(3, [], { readBytes: { 'k.0.log': 9 } })],
    { kind: 'all' },
  ],
  [
    'a log of level warning, which names no source',
    [endedRun(3, [line.error(1, 'Found 1 fatal error(s)')])],
    { kind: 'all' },
  ],
  ['hooks, which name a path alone', [endedRun(3, goodLog, { hookCalls: [call] })], { kind: 'all' }],
  [
    'a log of another command that says nothing',
    [endedRun(3, [], { command: 'maintenance-run', readBytes: { 'k.0.log': 9 } })],
    { kind: 'none' },
  ],
]
for (const [name, runs, needed] of cases) {
  test(`${name}: ${'kind' in needed ? needed.kind : ''} of the snapshots settle it`, () => {
    assert.deepEqual(snapshotsNeeded(runs.map(subjectOfRun)), needed)
  })
}
