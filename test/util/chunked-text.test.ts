import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inPieces } from '../../agent/util/chunked-text.ts'
import { piecesOf } from '../support/pieces.ts'

test('short texts are joined to pieces of at least 64 Ki characters, and only the last is shorter', async () => {
  const texts = Array.from({ length: 3000 }, (_, index) => `${index} ${'é'.repeat(index % 100)}\n`)
  const pieces = await piecesOf(inPieces(texts))
  assert.equal(pieces.join(''), texts.join(''))
  assert.ok(pieces.length > 2)
  for (const piece of pieces.slice(0, -1)) {
    assert.ok(piece.length >= 64 * 1024 && piece.length < 64 * 1024 + 110)
    assert.equal(piece.at(-1), '\n')
  }
})

test('a long text is one piece, and an empty source has none', async () => {
  const long = 'x'.repeat(1_000_000)
  assert.deepEqual(await piecesOf(inPieces(['a', long, 'b'])), [`a${long}`, 'b'])
  assert.deepEqual(await piecesOf(inPieces([])), [])
})

test('texts are read only as far as pieces are taken', async () => {
  let read = 0
  async function* texts() {
    for (; read < 100; read += 1) yield 'x'.repeat(64 * 1024)
  }
  const pieces = inPieces(texts())
  assert.equal(read, 0)
  await pieces.next()
  await pieces.next()
  assert.equal(read, 1)
})
