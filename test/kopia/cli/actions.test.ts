import assert from 'node:assert/strict'
import { test } from 'node:test'
import { withHooks, withoutHooks } from '../../../agent/kopia/cli/actions.ts'

const hooks = { before: '/h/before-snapshot-root.sh', after: '/h/after-snapshot-root.sh' }

const policyWith = (args: readonly string[], mode: string) => ({
  actions: {
    beforeSnapshotRoot: { path: hooks.before, args, timeout: 90, mode },
    afterSnapshotRoot: { path: hooks.after, timeout: 300, mode: 'optional' },
  },
})

test('only a before-action that is essential is noted as such: no after-action fails a backup', () => {
  const action = { path: '/dump', timeout: 90, mode: 'essential' }
  const { policy } = withHooks(
    { actions: { beforeSnapshotRoot: action, afterSnapshotRoot: action } },
    {},
    hooks,
  )
  assert.deepEqual(policy.actions, {
    beforeSnapshotRoot: { ...action, path: hooks.before, args: ['--essential', '--', '/dump'] },
    afterSnapshotRoot: { ...action, path: hooks.after, args: ['--', '/dump'] },
  })
  assert.deepEqual(withoutHooks(policy).policy.actions, {
    beforeSnapshotRoot: action,
    afterSnapshotRoot: action,
  })
})

test('a hook that is there learns the mode that its action has now, and keeps its other notes', () => {
  const older = policyWith(['--inherited', '--', '/dump', '--essential'], 'essential')
  const noted = policyWith(['--inherited', '--essential', '--', '/dump', '--essential'], 'essential')
  assert.deepEqual(withHooks(older, {}, hooks).policy, noted)
  assert.match(withHooks(older, {}, hooks).messages.join(), /already, and now knows the mode/)
  const changed = policyWith(noted.actions.beforeSnapshotRoot.args, 'optional')
  assert.deepEqual(
    withHooks(changed, {}, hooks).policy,
    policyWith(['--inherited', '--', '/dump', '--essential'], 'optional'),
  )
})

test('a hook that knows its mode, runs nothing, or is inherited stays as it is', () => {
  for (const policy of [
    policyWith(['--essential', '--', '/dump'], 'essential'),
    policyWith(['--', '/dump'], 'optional'),
    policyWith(['--created'], 'optional'),
  ]) {
    assert.deepEqual(withHooks(policy, {}, hooks).policy, policy)
    assert.deepEqual(withHooks({}, policy, hooks).policy, { actions: {} })
  }
})
