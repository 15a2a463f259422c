import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createDeferrals } from '../../agent/reconcile/deferrals.ts'

const item = (key: string) => ({ key })

test('an item that was asked about in vain is not due again until its key changes', () => {
  const deferrals = createDeferrals()
  deferrals.defer(item('first look'))
  assert.deepEqual(deferrals.due([item('first look'), item('last look')]), [item('last look')])
})

test('no key outlives its item', () => {
  const deferrals = createDeferrals()
  deferrals.defer(item('a'))
  deferrals.defer(item('b'))
  deferrals.retain([item('b')])
  assert.deepEqual(deferrals.due([item('a'), item('b')]), [item('a')])
  assert.equal(deferrals.isAnyDeferred([item('a')]), false)
  assert.equal(deferrals.isAnyDeferred([item('b')]), true)
})

test('a deferred item that is no longer pending lets nobody wait', () => {
  const deferrals = createDeferrals()
  deferrals.defer(item('a'))
  assert.equal(deferrals.isAnyDeferred([]), false)
})
