import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { createKopia } from '../../../agent/kopia/cli/client.ts'
import { temporaryFolder } from '../../support/folder.ts'
import { makeLargeRepository } from '../../support/many-snapshots.ts'

const defaults = {
  configPath: '',
  password: '',
  logDirectory: '',
  ownLogDirectory: '/state/kopia-logs',
  onCall: () => undefined,
  timeLimitMs: undefined,
} as const

for (const [snapshotsEach, expectedCalls] of [
  [9, 0],
  [30, 1],
] as const) {
  test(`a list of ${100 * snapshotsEach} snapshots calls onLongAnswer ${expectedCalls} times`, async (context) => {
    const binary = await makeLargeRepository(await temporaryFolder(context), { sources: 100, snapshotsEach })
    let calls = 0
    const kopia = createKopia({
      ...defaults,
      binary,
      signal: context.signal,
      onLongAnswer: () => {
        calls += 1
      },
    })
    const result = await kopia.snapshots()
    assert.deepEqual([result.ok && result.value.length, calls], [100 * snapshotsEach, expectedCalls])
  })
}

/** A Kopia that runs `script`; `seen` resolves with the words of each call. */
async function makeKopia(context: TestContext, script: string) {
  const folder = await temporaryFolder(context)
  const [binary, record] = [join(folder, 'fake-kopia'), join(folder, 'calls')]
  await writeFile(binary, `#!/bin/sh\necho "$*" >>'${record}'\n${script}\n`, { mode: 0o755 })
  const counted: [string, boolean][] = []
  let begun = 0
  const kopia = createKopia({
    ...defaults,
    binary,
    signal: context.signal,
    onBegin: () => {
      begun += 1
    },
    onCall: (command, ok) => counted.push([command, ok]),
  })
  const seen = async () => (await readFile(record, 'utf8')).trim().split('\n')
  return { kopia, seen, counted, begun: () => begun }
}

const ownLog = '--log-dir /state/kopia-logs --log-dir-max-files=2 --content-log-dir-max-files=2'

test('a Kopia that refuses --disable-file-logging is asked again with a log directory of its own, then always so', async (context) => {
  const { kopia, seen, counted, begun } = await makeKopia(
    context,
    `case "$1" in --disable-*) echo "kopia: error: unknown long flag '$1', try --help" >&2; exit 1 ;; esac
echo '[]'`,
  )
  assert.deepEqual(await kopia.snapshots(), { ok: true, value: [] })
  assert.deepEqual(await kopia.policies(), { ok: true, value: [] })
  assert.deepEqual(await seen(), [
    '--disable-file-logging snapshot list --all --incomplete --json',
    `${ownLog} snapshot list --all --incomplete --json`,
    `${ownLog} policy list --json`,
  ])
  const questions: [string, boolean][] = [
    ['snapshot list', true],
    ['policy list', true],
  ]
  assert.deepEqual([counted, begun()], [questions, 2])
})

test('any other refusal is an answer: Kopia is not asked again', async (context) => {
  const { kopia, seen, counted } = await makeKopia(
    context,
    `echo "kopia: error: unknown long flag '--json', try --help" >&2; exit 1`,
  )
  const reason = "kopia: error: unknown long flag '--json', try --help"
  assert.deepEqual(await kopia.policies(), { ok: false, command: 'kopia policy list', reason })
  assert.deepEqual(await seen(), ['--disable-file-logging policy list --json'])
  assert.deepEqual(counted, [['policy list', false]])
})
