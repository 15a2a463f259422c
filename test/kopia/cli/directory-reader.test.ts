import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createDirectoryReader } from '../../../agent/kopia/cli/directory-reader.ts'
import type { Entry } from '../../../agent/kopia/cli/reading.ts'
import { createRandom } from '../../support/random.ts'

/** Reads a text that comes in chunks which end at the given places. */
function read(text: string, ends: readonly number[] = []): readonly Entry[] {
  const entries: Entry[] = []
  const reader = createDirectoryReader((entry) => entries.push(entry))
  const bytes = Buffer.from(text)
  const places = [0, ...ends.toSorted((one, other) => one - other), bytes.length]
  for (const [index, place] of places.slice(0, -1).entries())
    reader.add(bytes.subarray(place, places[index + 1]))
  reader.end()
  return entries
}

const names = [
  'plain',
  '"},{"name":"forged","type":"f"}]',
  '\\',
  '\\"',
  'line\nend',
  'a: b, [c] {d}',
  'ünïcödé 🗂️ 漢字',
  '..',
  '-x',
  '\u2028\u0000\u001b[31m',
  '\ufffd',
  'n'.repeat(255),
]

function directoryOf(
  entries: readonly unknown[],
  rest: object = { summary: { size: 1, errors: [{ path: 'x' }] } },
) {
  return JSON.stringify({ stream: 'kopia:directory', entries, ...rest })
}

test('entries are read whatever their names are and wherever chunks end', () => {
  const random = createRandom(18)
  const text = directoryOf(names.map((name) => ({ name, type: 'f', size: 3, obj: 'ab12' })))
  const bytes = Buffer.byteLength(text)
  for (let round = 0; round < 200; round += 1) {
    const ends = Array.from({ length: Math.floor(random() * 30) }, () => Math.floor(random() * bytes))
    assert.deepEqual(
      read(text, ends).map(({ name }) => name),
      names,
    )
  }
  const everywhere = Array.from({ length: bytes }, (_, index) => index)
  assert.equal(read(text, everywhere).length, names.length)
})

test('an entry has its type, its size, its files and its time in nanoseconds', () => {
  const mtime = '2026-11-28T00:25:48.755775606Z'
  const modifiedNs = 1795825548755775606n
  const [file, directory, link, empty, device] = read(
    directoryOf([
      { name: 'f', type: 'f', size: 3, mtime, obj: 'Ix01ab' },
      {
        name: 'd',
        type: 'd',
        mtime: '2026-11-28T01:25:48+01:00',
        obj: 'k01',
        summ: { size: 7, files: 2, symlinks: 1, dirs: 4 },
      },
      { name: 'l', type: 's', mtime: 'soon', obj: '01' },
      { name: 'e', type: 'd', obj: 'k02' },
      { name: 'c', type: 'c', obj: '02' },
    ]),
  )
  assert.deepEqual(file, { name: 'f', type: 'file', objectId: 'Ix01ab', sizeBytes: 3, files: 1, modifiedNs })
  assert.deepEqual(directory, {
    name: 'd',
    type: 'directory',
    objectId: 'k01',
    sizeBytes: 7,
    files: 3,
    modifiedNs: 1795825548000000000n,
  })
  assert.deepEqual([link?.type, link?.modifiedNs, link?.files], ['symlink', undefined, 1])
  assert.deepEqual([empty?.type, empty?.files], ['directory', 1])
  assert.equal(device?.type, 'other')
})

test('an object id that could be taken for something else is none', () => {
  const ids = ['--help', 'k01/../x', '', 'k01 ', 'abcdk01', 'K', 'k01\n', undefined]
  const entries = read(directoryOf(ids.map((obj) => ({ name: 'x', type: 'f', obj }))))
  assert.deepEqual(
    entries.map(({ type }) => type),
    ids.map(() => 'other'),
  )
})

test('an empty directory has no entries', () => {
  assert.deepEqual(read(directoryOf([])), [])
  assert.deepEqual(read(directoryOf([], { entries: null })), [])
})

test('what is no directory is an error that says so', () => {
  const whole = directoryOf([{ name: 'a', type: 'f', obj: '01' }])
  assert.throws(() => read('hello'), /expected JSON, found "hello"/)
  assert.throws(() => read('{"stream":"other","entries":[]}'), /expected a directory/)
  assert.throws(() => read(whole.slice(0, -1)), /expected JSON/)
  assert.throws(() => read(whole.slice(0, 40)), /expected JSON/)
  assert.throws(() => read(directoryOf([{ type: 'f' }])), /expected a text as name of entry 0/)
  assert.throws(() => read(directoryOf(['x', 'y'])), /expected JSON/)
  assert.throws(
    () => read(directoryOf([{ name: 'n'.repeat(2 ** 20) }])),
    /expected entries of less than 1048576 bytes/,
  )
})
