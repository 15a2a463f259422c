import assert from 'node:assert/strict'
import { test } from 'node:test'
import { interpret, type Message, markersOf, parseGoDuration } from '../../../agent/kopia/log/messages.ts'
import { parseRecord } from '../../../agent/kopia/log/record.ts'

const source = { user: 'root', host: 'vm', path: '/data/x' }

/** Lines that a real Kopia wrote, and their meaning. */
const lines: readonly (readonly [string, Message | undefined])[] = [
  ['INFO kopia/cli Snapshotting root@vm:/data/x ...', { kind: 'snapshotting', source }],
  ['DEBUG kopia/server snapshotting\t{"source":"root@vm:/data/x"}', { kind: 'queued', source }],
  ['DEBUG kopia/server created snapshot f49e52', { kind: 'created', snapshotId: 'f49e52' }],
  [
    'DEBUG kopia/server Not saving snapshot because no files have been changed since previous snapshot',
    { kind: 'identical' },
  ],
  [
    'DEBUG kopia/server finished uploading root@vm:/data/x',
    { kind: 'finished', sourceText: 'root@vm:/data/x' },
  ],
  [
    'ERROR kopia/server snapshot error: snapshot task: upload error: exit status 3',
    { kind: 'server-error', message: 'snapshot error: snapshot task: upload error: exit status 3' },
  ],
  // Written also with `--no-trace-storage`, which hides the line of the close.
  ['DEBUG kopia/repo throttling limits from connection info\t{"limits":{}}', undefined],
  ['DEBUG kopia/repo [STORAGE] ListBlobs\t{"prefix":"xn0_","duration":"1ms"}', { kind: 'opened' }],
  ['DEBUG kopia/repo [STORAGE] Close\t{"error":null,"duration":"972ns"}', { kind: 'closed' }],
  ['DEBUG kopia/server uploading root@vm:/data/x', undefined],
  [
    'DEBUG uploader uploading\t{"source":"root@vm:/data/x","previousManifests":0,"parallel":2}',
    { kind: 'uploading', source },
  ],
  [
    'DEBUG uploader snapshotted directory\t{"path":".","dur":"2.226356465s","size":800000000,"files":40,"dirs":1,"errors":2}',
    { kind: 'uploaded', durationSeconds: 2.226356465, errors: 2 },
  ],
  ['DEBUG uploader snapshotted directory\t{"path":"sub","dur":"1s","errors":0}', undefined],
  [
    'INFO kopia/cli Created snapshot with root k4cf and ID be3aad43 in 2s',
    { kind: 'created', snapshotId: 'be3aad43' },
  ],
  [
    'INFO kopia/cli Created partial snapshot with root k4cf and ID be3aad43 in 0s',
    { kind: 'created-partial', snapshotId: 'be3aad43' },
  ],
  [
    'INFO kopia/cli \n Not saving snapshot because no files have been changed since previous snapshot',
    { kind: 'identical' },
  ],
  ['WARN kopia/cli Ignored 1 error(s) while snapshotting root@vm:/data/x.', undefined],
  [
    'ERROR kopia/cli Found 1 fatal error(s) while snapshotting root@vm:/data/x.',
    {
      kind: 'final-error',
      message: 'Found 1 fatal error(s) while snapshotting root@vm:/data/x.',
      fatalErrors: [{ sourceText: 'root@vm:/data/x' }],
    },
  ],
  [
    'ERROR kopia/cli upload error: exit status 3',
    { kind: 'final-error', message: 'upload error: exit status 3', fatalErrors: [] },
  ],
  ['DEBUG kopia/repo [STORAGE] PutBlob\t{"error":null}', undefined],
  ['INFO kopia/cli Snapshotting root@vm:/data/x', undefined],
]

for (const [line, message] of lines) {
  test(`${line.split('\t')[0]?.slice(0, 70)} means ${message?.kind ?? 'nothing'}`, () => {
    const record = parseRecord(`2026-11-24T12:50:53.115275Z ${line}`)
    assert.ok(record)
    assert.deepEqual(interpret(record), message)
  })
}

test('every line with a meaning holds a marker, so the scanner finds it', () => {
  const { everywhere, nearby } = markersOf('server-start', 'text')
  for (const [line, message] of lines) {
    if (message !== undefined)
      assert.ok(
        [...everywhere, ...nearby].some((marker) => ` ${line}`.includes(marker)),
        line,
      )
  }
})

test('a Go duration becomes seconds', () => {
  const cases: readonly (readonly [unknown, number | undefined])[] = [
    ['1m2.3s', 62.3],
    ['881.4µs', 881.4e-6],
    ['1h0m0.5s', 3600.5],
    ['12ns', 12e-9],
    ['0s', 0],
    ['', undefined],
    ['5 minutes', undefined],
    [5, undefined],
  ]
  for (const [text, seconds] of cases) {
    const found = parseGoDuration(text)
    assert.ok(
      found === seconds || Math.abs((found ?? Number.NaN) - (seconds ?? Number.NaN)) < 1e-12,
      `${text}: ${found}`,
    )
  }
})
