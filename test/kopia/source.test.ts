import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatSource, parseSource } from '../../agent/kopia/source.ts'

test('a source is read and written as Kopia prints it, whatever its path holds', () => {
  for (const path of ['/data', '/a:b@c', '/with\nnewline', '--help', '-rf', 'C:\\Users', '/"{}\\']) {
    assert.deepEqual(parseSource(`root@vm:${path}`), { user: 'root', host: 'vm', path })
    assert.equal(formatSource({ user: 'root', host: 'vm', path }), `root@vm:${path}`)
  }
  for (const text of ['', '/data', 'root@vm', 'root@vm:', '@vm:/data'])
    assert.equal(parseSource(text), undefined, text)
})
