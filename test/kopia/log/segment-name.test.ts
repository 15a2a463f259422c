import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compareSegments, parseSegmentName } from '../../../agent/kopia/log/segment-name.ts'

test('the name of a log names its run, its process and its segment', () => {
  assert.deepEqual(parseSegmentName('kopia-20261124-113623-9072-snapshot-create.0.log'), {
    fileName: 'kopia-20261124-113623-9072-snapshot-create.0.log',
    runId: '20261124-113623-9072-snapshot-create',
    processId: 9072,
    command: 'snapshot-create',
    segment: 0,
  })
})

test('any other file name is not a segment', () => {
  for (const name of [
    'latest.log',
    'CACHEDIR.TAG',
    'kopia-20261124-113623-x-snapshot-create.0.log',
    'kopia-20261124-113623-1-a.0.log.gz',
  ]) {
    assert.equal(parseSegmentName(name), undefined, name)
  }
})

test('segments are sorted in the order in which Kopia wrote them, the tenth behind the ninth', () => {
  const names = [10, 9, 0, 1].map((segment) =>
    parseSegmentName(`kopia-20261124-113623-9-snapshot-create.${segment}.log`),
  )
  const sorted = names.filter((name) => name !== undefined).sort(compareSegments)
  assert.deepEqual(
    sorted.map(({ segment }) => segment),
    [0, 1, 9, 10],
  )
})
