// Whether a group is pushed by another agent already, as a real Pushgateway tells.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { push } from '../../agent/push/pushgateway.ts'
import { groupInUse } from '../../agent/setup/group-in-use.ts'
import { importOptions } from '../support/answering-store.ts'
import { cleanUpAfter } from '../support/cleanup.ts'
import { file, filesWith, root } from '../support/setup/machine.ts'
import { startPushgateway } from '../support/stack.ts'

const agent = { name: undefined, stateFolder: '/var/lib/kopia-metrics-agent' }

test('a group that another agent pushed a moment ago is a problem for an agent that never ran here', async (context) => {
  const gateway = await startPushgateway()
  cleanUpAfter(context, () => gateway.stop())
  const options = { ...importOptions(gateway.url), target: { kind: 'pushgateway' } } as const
  const now = Date.now() / 1000
  const none = filesWith({})
  assert.equal(await groupInUse(agent, options, none, now), undefined)
  const pushed = await push(options, ['up 1\n'], 'text/plain', new AbortController().signal)
  assert.deepEqual(pushed, { ok: true })
  assert.match(
    (await groupInUse(agent, options, none, now)) ?? '',
    /: another agent pushes \{job=".+", instance=".+"\}, .* the last time, .*--instance=NAME/,
  )
  const apart = { ...options, grouping: { agent: 'photos' } }
  assert.equal(await groupInUse(agent, apart, none, now), undefined)
  // The timer pushes every quarter of an hour.
  assert.match((await groupInUse(agent, options, none, now + 14 * 60)) ?? '', /wait 30 min, or delete/)
  assert.equal(await groupInUse(agent, options, none, now + 3600), undefined)
  const own = filesWith({ '/var/lib/kopia-metrics-agent/ledger.json': file(root) })
  assert.equal(await groupInUse(agent, options, own, now), undefined)
})
