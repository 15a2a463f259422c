// What verify prints: a row for each source as soon as it is known, and what could not be read.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { jsonOutput, tableOutput } from '../../agent/commands/verify-output.ts'
import { noVerifyErrors, type Verification } from '../../agent/ledger/proof.ts'
import { faultOf, verdictOf } from '../support/proofs.ts'

const photos = { user: 'root', host: 'vm', path: '/srv/photos' }
const mail = { user: 'root', host: 'vm', path: '/srv/mail\nbox' }

function verification(result: Verification['result']): Verification {
  return { startedAt: 100, endedAt: 112, result }
}

const damaged = verdictOf({
  errors: { ...noVerifyErrors, missing_blob: 7, checksum: 1 },
  faults: Array.from({ length: 8 }, (_, index) => faultOf('missing_blob', `blob p${index} is missing`)),
})

function table(columns?: number) {
  let text = ''
  const progress: string[] = []
  const output = tableOutput({
    write: (part) => {
      text += part
    },
    writeProgress: (part) => void progress.push(part),
    columns,
    paint: (_, part) => part,
  })
  return { output, text: () => text, progress }
}

test('a row for each source, and below it what could not be read', () => {
  const { output, text, progress } = table()
  output.onSources([photos, mail])
  output.onProgress(photos, 1200, 100_000)
  output.onResult(photos, verification(verdictOf()))
  output.onResult(mail, verification(damaged))
  output.end()
  assert.deepEqual(text().split('\n'), [
    '  SOURCE                    OBJECTS       READ  RESTORED        TOOK',
    '✓ root@vm:/srv/photos         1,200     5.0 MB         3        12 s',
    '✗ root@vm:/srv/mail\\nbox      1,200     5.0 MB         3        12 s',
    '    7 × missing_blob, 1 × checksum',
    ...[0, 1, 2, 3, 4].map((index) => `    a/b: blob p${index} is missing`),
    '    and 3 more',
    '',
  ])
  assert.equal(progress.includes('root@vm:/srv/photos: 1,200 of 100,000 objects'), true)
  assert.equal(progress.at(-1), '')
})

test('a source of which nothing was found out says why, and a wait is told', () => {
  const { output, text } = table(60)
  output.onSources([photos])
  output.onWait()
  output.onResult(photos, verification({ outcome: 'unproven', reason: 'the disk is full' }))
  assert.match(text(), /A backup is running: the verification waits until it has ended\./)
  assert.match(text(), /! root@vm:\/srv\/photos\n {4}nothing is proven: the disk is full\n$/)
})

test('JSON has one object with all sources', () => {
  let text = ''
  const output = jsonOutput((part) => {
    text += part
  })
  output.onSources([photos, mail])
  output.onResult(photos, verification(verdictOf({ faults: [], errors: noVerifyErrors })))
  output.onResult(mail, verification({ outcome: 'unproven', reason: 'no answer' }))
  output.end()
  const { sources } = JSON.parse(text)
  assert.deepEqual(
    sources.map(({ source, outcome, reason, read_bytes }: Record<string, unknown>) => [
      source,
      outcome,
      reason,
      read_bytes,
    ]),
    [
      ['root@vm:/srv/photos', 'proven', undefined, 5_000_000],
      ['root@vm:/srv/mail\nbox', 'unproven', 'no answer', undefined],
    ],
  )
})
