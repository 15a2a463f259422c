// For which sources setup would install hooks: those that no policy gives any.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { answerOfBlind, sourcesWithoutHooks } from '../../agent/setup/ask-kopia.ts'
import { createFakeKopia, status } from '../support/fake-kopia.ts'

const hooked = {
  actions: {
    beforeSnapshotRoot: { path: '/h/before-snapshot-root.sh', args: [], timeout: 300, mode: 'optional' },
  },
}
const photos = { user: 'root', host: 'nas', path: '/srv/photos' }
const music = { user: 'root', host: 'nas', path: '/srv/music' }

test('a source needs hooks unless its own policy or one that it inherits has them', () => {
  assert.deepEqual(sourcesWithoutHooks([photos, music, photos], {}), [
    'root@nas:/srv/music',
    'root@nas:/srv/photos',
  ])
  assert.deepEqual(sourcesWithoutHooks([photos, music], { 'root@nas:/srv/photos': hooked }), [
    'root@nas:/srv/music',
  ])
  for (const target of ['root@nas:/srv', 'root@nas:/', 'root@nas', '@nas', '(global)']) {
    assert.deepEqual(sourcesWithoutHooks([photos, music], { [target]: hooked }), [], target)
  }
  assert.deepEqual(sourcesWithoutHooks([photos], { 'root@nas:/srv/music': hooked, '@other': hooked }), [
    'root@nas:/srv/photos',
  ])
})

test('a Kopia that cannot list snapshots or policies is silent, not without sources that need hooks', async () => {
  const password = { kind: 'stored by Kopia' } as const
  const kopia = createFakeKopia()
  assert.equal((await answerOfBlind(kopia, status, password)).kind, 'open')
  for (const failing of ['snapshot list', 'policy export']) {
    kopia.refuse = (command) => (command === failing ? 'no such host' : undefined)
    assert.deepEqual(await answerOfBlind(kopia, status, password), {
      kind: 'silent',
      reason: 'no such host',
      password,
    })
  }
})

test('actions that are no hooks of the agent tell it nothing', () => {
  const dump = {
    actions: { beforeSnapshotRoot: { path: '/dump', args: [], timeout: 300, mode: 'essential' } },
  }
  assert.deepEqual(sourcesWithoutHooks([photos], { '(global)': dump }), ['root@nas:/srv/photos'])
})
