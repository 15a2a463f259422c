import assert from 'node:assert/strict'
import { access, constants } from 'node:fs/promises'
import { test } from 'node:test'
import { hookPathsIn, isForWindows, isPath, targetNames } from '../../agent/commands/install-hooks.ts'

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

test('what begins as a path is one, though user@host:path matches it', () => {
  const paths = [
    '/mnt/me@nas:share',
    './me@nas:share',
    '../me@nas:share',
    '~/me@nas:share',
    'C:\\me@nas:share',
  ]
  for (const path of [...paths, 'photos', 'me@nas', 'a:b@c', '.']) assert.ok(isPath(path), path)
  for (const source of ['me@nas:/share', 'me@nas:share', '.me@nas:share']) assert.ok(!isPath(source), source)
})

test('a name that Kopia would take for another one is refused', () => {
  const targets = { kind: 'sources', names: ['/data'] } as const
  assert.deepEqual(targetNames(targets, { user: 'me', host: 'nas' }), ['me@nas:/data'])
  assert.throws(
    () => targetNames(targets, { user: 'me@corp', host: 'nas' }),
    /reads this name in another way/,
  )
})

test('Kopia on Windows gets no hooks, since it runs no shell scripts', () => {
  const sources = (...names: readonly string[]) => ({ kind: 'sources', names }) as const
  for (const name of ['C:\\Users\\me', 'me@pc:C:\\Users\\me', 'me@pc:d:/data', 'me@pc:\\\\server\\share'])
    assert.ok(isForWindows(sources('/data', name), 'this'), name)
  assert.ok(!isForWindows(sources('/data', 'me@pc:/mnt/c/Users'), 'this'))
  assert.ok(!isForWindows({ kind: 'global' }, 'this'))
  assert.ok(isForWindows({ kind: 'global' }, 'windows'))
  assert.ok(isForWindows(sources('/data'), 'windows'))
})
