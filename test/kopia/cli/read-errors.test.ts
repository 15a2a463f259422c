import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isEntryMissing, type ReadErrorKind, readErrorKind } from '../../../agent/kopia/cli/read-errors.ts'

const pack = 'p2c29a688e031330d9b22e1ba0b7df315-s595538b5e0fded6e147'
const open = 'error reading object 303558dc: unable to open object 303558dc: unexpected content error:'

/** Seen in Kopia 0.19 to 0.23, or in its sources. */
const texts: readonly (readonly [ReadErrorKind, string])[] = [
  ['missing_blob', `object 303558dc is backed by missing blob ${pack}`],
  ['missing_blob', `failed to get blob with ID ${pack}: BLOB not found`],
  ['missing_blob', 'verify object: unexpected content error: content not found: object not found'],
  ['missing_blob', 'error opening object k1: content 0ad4 not found: object not found'],
  ['missing_blob', 'found 0 of the 1 requested snapshot IDs to verify'],
  ['missing_blob', 'snapshot not found'],
  [
    'missing_blob',
    `error listing all snapshot manifests: unable to find snapshot manifests: unable to load manifest contents: error loading manifest content: error getting cached content from blob "q1": failed to get blob with ID q1: BLOB not found`,
  ],
  [
    'missing_blob',
    'failed to open repository: unable to load index: error loading index blob x1: BLOB not found',
  ],
  [
    'checksum',
    `${open} invalid checksum at ${pack} offset 65 length 31/31: decrypt: unable to decrypt content: cipher`,
  ],
  [
    'checksum',
    `${open} error getting cached content from blob "${pack}": failed to get blob with ID ${pack}: invalid length`,
  ],
  ['checksum', `${open} failed to get blob with ID ${pack}: invalid offset`],
  ['checksum', `${open} error decompressing: decompression error: zstd: magic number mismatch`],
  [
    'checksum',
    `${open} error getting cached content from blob "q1": invalid (offset=669,length=474) for blob "q1" of size 40`,
  ],
  ['checksum', 'unable to unpack manifest data "m1": gzip: unexpected EOF'],
  ['checksum', 'unexpected chunk length 5, expected 6'],
  [
    'checksum',
    'open repository: unable to open repository: unable to create shared content manager: error loading indexes: error downloading indexes: error loading index blob xn0_1: decrypt blob: error decrypting BLOB xn0_1: unable to decrypt content: cipher: message authentication failed',
  ],
  [
    'unreachable',
    'open repository: unable to open repository: cannot open storage: cannot access storage path: stat /mnt/r: no such file or directory',
  ],
  [
    'unreachable',
    'open repository: unable to open repository: unable to create format manager: unable to read format blob: error getting kopia.repository blob: BLOB not found',
  ],
  ['unreachable', 'failed to open repository: unable to create format manager: invalid repository password'],
  ['unreachable', 'open repository: repository is not connected. See https://kopia.io/docs/repositories/'],
  [
    'unreachable',
    `${open} failed to get blob with ID ${pack}: dial tcp 10.0.0.1:443: connect: connection refused`,
  ],
  ['unreachable', `${open} failed to get blob with ID ${pack}: read tcp 10.0.0.1:443: i/o timeout`],
  ['unreachable', `${open} rpc error: code = Unavailable desc = transport is closing`],
  ['unreachable', `${open} failed to get blob with ID ${pack}: open /r/p/2c2/9.f: permission denied`],
  ['unreachable', `${open} failed to get blob with ID ${pack}: unexpected EOF`],
  ['unreachable', "kopia: error: unknown long flag '--new', try --help"],
  ['disk full', 'restore error: error copying: write /tmp/x: no space left on device'],
  ['disk full', 'open repository: error opening content cache: write /c/x: disk quota exceeded'],
  ['read', `${open} failed to get blob with ID ${pack}: read /r/p/2c2/9.f: input/output error`],
  ['read', 'something new'],
  ['read', ''],
]

for (const [kind, text] of texts) {
  test(`${kind}: ${text.slice(0, 90)} … ${text.slice(-40)}`, () => {
    assert.equal(readErrorKind(text), kind)
  })
}

test('a path that leads to nothing is told apart from a directory that can not be read', () => {
  for (const text of [
    'error reading directory: entry not found',
    'entry not found: "x"',
    'entry not found "x": parent is not a directory',
  ])
    assert.equal(isEntryMissing(text), true, text)
  for (const text of [
    'error reading directory: unable to open object: content not found: object not found',
    'entry not found, says a name: invalid checksum at p1',
  ])
    assert.equal(isEntryMissing(text), false, text)
})
