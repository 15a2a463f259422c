import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bySource, type Snapshot } from '../../../agent/kopia/cli/snapshots.ts'
import { findBackdated, findSnapshot, mayHaveExpired } from '../../../agent/kopia/runs/attempt-snapshot.ts'
import type { Attempt } from '../../../agent/kopia/runs/evidence.ts'
import { makeSnapshot } from '../../support/snapshots.ts'

const source = { user: 'root', host: 'vm', path: '/data/x' }
const attempt: Attempt = { source, origin: 'command', startedAt: 1000 }
const at = (id: string, startedAt: number, change: Partial<Snapshot> = {}) =>
  makeSnapshot({ id, source, startedAt, endedAt: startedAt + 10, ...change })

const found = (change: Partial<Attempt>, endedAt: number, ...held: readonly Snapshot[]) =>
  findSnapshot({ ...attempt, ...change }, endedAt, bySource(held))?.id

test('the id in the log finds a snapshot whatever its time, and nothing else does then', () => {
  const reportedResult = { kind: 'created', snapshotId: 'zfs' } as const
  assert.equal(found({ reportedResult }, 1100, at('other', 1001), at('zfs', 10)), 'zfs')
  assert.equal(found({ reportedResult }, 1100, at('other', 1001)), undefined)
  assert.equal(found({ reportedResult: { kind: 'identical' } }, 1100, at('other', 1001)), undefined)
  const elsewhere = { ...at('zfs', 1001), source: { ...source, path: '/data/y' } }
  assert.equal(found({ reportedResult }, 1100, elsewhere), undefined)
})

test('without an id, the first snapshot that began during the attempt is its own', () => {
  const held = [at('before', 999), at('own', 1001), at('next', 1050), at('after', 1101)]
  assert.equal(found({}, 1100, ...held), 'own')
  assert.equal(found({}, 1000, ...held), undefined)
  assert.equal(found({}, 900, ...held), 'own', 'the clock was set back during the attempt')
})

test('a checkpoint is the snapshot of an attempt only if there is no other', () => {
  const checkpoint = at('checkpoint', 1001, { incomplete: 'checkpoint' })
  assert.equal(found({}, 1100, checkpoint, at('own', 1002)), 'own')
  assert.equal(found({}, 1100, checkpoint), 'checkpoint')
})

test('hooks report the attempt after the snapshot has begun', () => {
  assert.equal(found({ origin: 'hook' }, 1100, at('own', 995)), 'own')
  assert.equal(found({ origin: 'hook' }, 1100, at('before', 989)), undefined)
})

test('the newest snapshot is of the attempt that it was not there before, whatever its time', () => {
  const backdated = (newestIdBefore: string | undefined, ...held: readonly Snapshot[]) =>
    findBackdated(attempt, newestIdBefore, bySource(held))?.id
  assert.equal(backdated('old', at('old', 100), at('new', 900)), 'new')
  assert.equal(backdated('new', at('old', 100), at('new', 900)), undefined)
  assert.equal(backdated(undefined, at('new', 900)), 'new', 'the first of its source')
  assert.equal(backdated('', at('new', 900)), undefined, 'not known what was there before')
  assert.equal(backdated('gone', at('new', 900)), undefined, 'the one before was deleted')
  assert.equal(backdated('old', at('old', 100), at('new', 1001)), undefined, 'it is not backdated')
  assert.equal(backdated('old', at('old', 100), at('new', 900, { incomplete: 'canceled' })), undefined)
  assert.equal(backdated('old'), undefined)
})

test('a snapshot has not expired if no later one is there, or if an older one is kept among the latest', () => {
  const expired = (change: Partial<Attempt>, ...held: readonly Snapshot[]) =>
    mayHaveExpired({ ...attempt, ...change }, 1100, bySource(held))
  const daily = { retentionReasons: ['daily-2'] }
  assert.equal(expired({}), false)
  assert.equal(expired({}, at('later', 1101)), true)
  assert.equal(expired({}, at('later', 1100)), false)
  assert.equal(expired({ reportedAt: 1050 }, at('later', 1060)), true)
  assert.equal(expired({}, at('later', 1101, { incomplete: 'canceled' })), false)
  assert.equal(expired({ reportedResult: { kind: 'identical' } }, at('later', 1101)), false)
  assert.equal(expired({}, at('old', 100, daily), at('later', 1101)), true)
  assert.equal(expired({}, at('old', 100), at('later', 1101)), false)
})
