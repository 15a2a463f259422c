import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compareSegments, parseSegmentName } from '../../agent/kopia/log/segment-name.ts'
import { formatSource, parseSource } from '../../agent/kopia/source.ts'

test('a log file tells its run, its process and its segment', () => {
  assert.deepEqual(parseSegmentName('kopia-20261124-113623-9072-snapshot-create.0.log'), {
    fileName: 'kopia-20261124-113623-9072-snapshot-create.0.log',
    runId: '20261124-113623-9072-snapshot-create',
    processId: 9072,
    command: 'snapshot-create',
    segment: 0,
  })
})

test('other files are none', () => {
  for (const name of [
    'latest.log',
    'CACHEDIR.TAG',
    'kopia-20261124-113623-x-snapshot-create.0.log',
    'kopia-20261124-113623-1-a.0.log.gz',
  ]) {
    assert.equal(parseSegmentName(name), undefined, name)
  }
})

test('segments come in the order in which they were written, also the tenth', () => {
  const names = [10, 9, 0, 1].map((segment) =>
    parseSegmentName(`kopia-20261124-113623-9-snapshot-create.${segment}.log`),
  )
  const sorted = names.filter((name) => name !== undefined).sort(compareSegments)
  assert.deepEqual(
    sorted.map(({ segment }) => segment),
    [0, 1, 9, 10],
  )
})

test('a source is read and written as Kopia prints it, whatever its path holds', () => {
  for (const path of ['/data', '/a:b@c', '/with\nnewline', '--help', '-rf', 'C:\\Users', '/"{}\\']) {
    assert.deepEqual(parseSource(`root@vm:${path}`), { user: 'root', host: 'vm', path })
    assert.equal(formatSource({ user: 'root', host: 'vm', path }), `root@vm:${path}`)
  }
  for (const text of ['', '/data', 'root@vm', 'root@vm:', '@vm:/data'])
    assert.equal(parseSource(text), undefined, text)
})
