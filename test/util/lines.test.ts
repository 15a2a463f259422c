import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLineSplitter } from '../../agent/util/lines.ts'

function split(pieces: readonly Buffer[], mostLength?: number): readonly string[] {
  const lines: string[] = []
  const splitter = createLineSplitter((line) => lines.push(line), mostLength)
  for (const piece of pieces) splitter.add(piece)
  splitter.end()
  return lines
}

test('lines are whole wherever chunks end, also within a character', () => {
  const bytes = Buffer.from('one\n\nünï 漢\nlast')
  for (let at = 0; at <= bytes.length; at += 1)
    assert.deepEqual(split([bytes.subarray(0, at), bytes.subarray(at)]), ['one', '', 'ünï 漢', 'last'])
  assert.deepEqual(split([...bytes].map((byte) => Buffer.from([byte]))), ['one', '', 'ünï 漢', 'last'])
  assert.deepEqual(split([]), [])
})

test('a long line is cut, and the next one is whole', () => {
  assert.deepEqual(split([Buffer.from('12'), Buffer.from('3456'), Buffer.from('78\nnext\n')], 5), [
    '12345',
    'next',
  ])
})
