import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatSource, isReadByKopia, parseSource } from '../../agent/kopia/source.ts'

test('a source is read and written as Kopia prints it, whatever its path holds', () => {
  for (const path of ['/data', '/a:b@c', '/with\nnewline', '--help', '-rf', 'C:\\Users', '/"{}\\']) {
    assert.deepEqual(parseSource(`root@vm:${path}`), { user: 'root', host: 'vm', path })
    assert.equal(formatSource({ user: 'root', host: 'vm', path }), `root@vm:${path}`)
  }
  for (const text of [
    '',
    '/data',
    'root@vm',
    'root@vm:',
    '@vm:/data',
    'root@:/data',
    'C:\\Users',
    'a:b',
    '@',
    ':@',
  ])
    assert.equal(parseSource(text), undefined, text)
})

test('names of users may hold @ and colons', () => {
  for (const [user, host] of [
    ['me@example.org', 'vm'],
    ['a@b@c', 'vm'],
    ['a:b', 'vm'],
    ['me', 'vm@'],
  ] as const) {
    const source = { user, host, path: '/data/x@y:z' }
    assert.deepEqual(parseSource(formatSource(source)), source)
  }
})

test('Kopia understands a source as an argument unless a name holds what ends it', () => {
  const isRead = (user: string, host: string) => isReadByKopia({ user, host, path: '/a@b:c' })
  assert.deepEqual(
    [isRead('me', 'vm'), isRead('me', 'a@b'), isRead('me@a', 'vm'), isRead('a:b', 'vm'), isRead('me', '::1')],
    [true, true, false, false, false],
  )
})
