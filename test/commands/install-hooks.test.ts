import assert from 'node:assert/strict'
import { access, constants } from 'node:fs/promises'
import { test } from 'node:test'
import { hookPathsIn } from '../../agent/commands/install-hooks.ts'

test('the hooks of this installation are executable files', async () => {
  const { before, after } = hookPathsIn(new URL('../../', import.meta.url))
  for (const path of [before, after]) await access(path, constants.R_OK | constants.X_OK)
})

test('the hooks are in the folder of the installation, also if its name needs escaping in a URL', () => {
  assert.deepEqual(hookPathsIn(new URL('..', 'file:///opt/my%20agent/dist/main.js')), {
    before: '/opt/my agent/hooks/before-snapshot-root.sh',
    after: '/opt/my agent/hooks/after-snapshot-root.sh',
  })
})
