import assert from 'node:assert/strict'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import {
  createRepositoryReader,
  type ReaderOptions,
  type SnapshotRoot,
} from '../../../agent/kopia/cli/repository-reader.ts'
import { temporaryFolder } from '../../support/folder.ts'
import { waitFor } from '../../support/wait.ts'

const root: SnapshotRoot = {
  snapshotId: 'a301',
  source: { user: 'root', host: 'vm', path: '/data' },
  startedAt: 1,
  root: { name: 'data', type: 'directory', objectId: 'k01', sizeBytes: 1, files: 1, modifiedNs: undefined },
}
const verify = { percent: 1.5, parallel: 3, mostBytes: 0, onProgress: () => undefined }

/** A reader of a Kopia that runs `script`; `calls` resolves with the words of each call, `pid` with the last process. */
async function makeReader(context: TestContext, script: string, options: Partial<ReaderOptions> = {}) {
  const folder = await temporaryFolder(context)
  const [binary, record, pidFile] = [join(folder, 'fake-kopia'), join(folder, 'calls'), join(folder, 'pid')]
  await writeFile(binary, `#!/bin/sh\necho "$*" >>'${record}'\necho $$ >'${pidFile}'\n${script}\n`, {
    mode: 0o755,
  })
  const cacheDirectory = join(folder, 'cache')
  await mkdir(cacheDirectory)
  const reader = createRepositoryReader({
    binary,
    configPath: '/etc/kopia/repository.config',
    password: 'secret words',
    logDirectory: '',
    ownLogDirectory: '/state/kopia-logs',
    signal: context.signal,
    timeLimitMs: undefined,
    startedThrough: [],
    cacheDirectory,
    endsAtMs: Date.now() + 60_000,
    ...options,
  })
  const calls = async () => (await readFile(record, 'utf8')).trim().split('\n')
  const pid = () =>
    waitFor('Kopia runs', async () => Number(await readFile(pidFile, 'utf8').catch(() => '')) || undefined)
  return { reader, calls, pid, cacheDirectory }
}

/** Whether the process is there; one that has ended and waits for its parent is not. */
async function isRunning(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  return stat !== '' && !/\) Z /.test(stat)
}

const stubborn = `trap '' TERM; while :; do sleep 0.1; done`

test('a call that takes too long is ended, even if it does not want to', async (context) => {
  const { reader, pid } = await makeReader(context, stubborn, { endsAtMs: Date.now() + 1000 })
  const result = await reader.readObject('k01', () => undefined)
  assert.equal(!result.ok && result.failure.kind, 'timeout')
  assert.equal(await isRunning(await pid()), false)
})

test('a signal ends a call, even one that does not want to end', async (context) => {
  const stop = new AbortController()
  const { reader, pid } = await makeReader(context, stubborn, { signal: stop.signal })
  const pending = reader.verifySnapshot(root, { ...verify, mostBytes: 1e12 })
  const process = await pid()
  stop.abort()
  const result = await pending
  assert.equal(!result.ok && result.failure.kind, 'ended')
  assert.equal(await isRunning(process), false)
})

test('Kopia is not started once the time is over or the signal was given', async (context) => {
  const late = await makeReader(context, 'exit 0', { endsAtMs: Date.now() - 1 })
  const ended = await makeReader(context, 'exit 0', { signal: AbortSignal.abort() })
  for (const [{ reader, calls }, kind] of [
    [late, 'timeout'],
    [ended, 'ended'],
  ] as const) {
    const result = await reader.newestRoots()
    assert.equal(!result.ok && result.failure.kind, kind)
    await assert.rejects(calls(), { code: 'ENOENT' })
  }
})

test('a verification that reads far more than allowed is ended', {
  skip: process.platform !== 'linux',
}, async (context) => {
  const { reader, pid } = await makeReader(context, 'exec dd if=/dev/zero of=/dev/null bs=1M')
  const result = await reader.verifySnapshot(root, verify)
  assert.equal(!result.ok && result.failure.kind, 'over budget')
  assert.equal(await isRunning(await pid()), false)
})

test('what a callback throws ends Kopia and is thrown', async (context) => {
  const { reader, pid } = await makeReader(context, 'echo some bytes; exec sleep 60')
  const thrown = new Error('of the callback')
  await assert.rejects(
    reader.readObject('k01', () => {
      throw thrown
    }),
    thrown,
  )
  assert.equal(await isRunning(await pid()), false)
})

test('a Kopia that dies or is not there says nothing about the snapshot', async (context) => {
  for (const [script, reason] of [
    ['kill -KILL $$', /SIGKILL/],
    [
      'echo "fatal error: out of memory, secret words" >&2; exit 2',
      /exit code 2: fatal error: out of memory, \*\*\*$/,
    ],
  ] as const) {
    const { reader } = await makeReader(context, script)
    const result = await reader.verifyObject('k01')
    assert.ok(!result.ok)
    assert.equal(result.failure.kind, 'unreachable')
    assert.match(result.failure.reason, reason)
  }
  const { reader } = await makeReader(context, '', { binary: '/nowhere/kopia' })
  const result = await reader.verifySnapshot(root, verify)
  assert.equal(!result.ok && result.failure.kind, 'unreachable')
})

test('a Kopia that knows no --disable-file-logging and no --json is asked without, then always so', async (context) => {
  const refusal = (flag: string) => `echo "kopia: error: unknown long flag '${flag}', try --help" >&2; exit 1`
  const { reader, calls } = await makeReader(
    context,
    `case "$*" in *--disable-file-logging*) ${refusal('--disable-file-logging')} ;; *--json*) ${refusal('--json')} ;; esac
echo 'Finished processing 5 objects.' >&2`,
  )
  for (const _ of [1, 2]) {
    const result = await reader.verifySnapshot(root, verify)
    assert.equal(result.ok && result.value.objects, 5)
  }
  const ownLog = '--log-dir /state/kopia-logs --log-dir-max-files=2 --content-log-dir-max-files=2'
  const plain = 'verify-files-percent=1.5 --parallel=3 --file-parallelism=3 --max-errors=100 -- a301'
  assert.deepEqual(await calls(), [
    `--disable-file-logging --no-progress snapshot verify --json --${plain}`,
    `${ownLog} --no-progress snapshot verify --json --${plain}`,
    `${ownLog} --no-progress snapshot verify --${plain}`,
    `${ownLog} --no-progress snapshot verify --${plain}`,
  ])
})

test('Kopia gets its cache and sends no notifications, whatever the environment says', async (context) => {
  const names = 'KOPIA_CACHE_DIRECTORY KOPIA_SEND_ERROR_NOTIFICATIONS KOPIA_CONFIG_PATH KOPIA_PASSWORD'
  const { reader, cacheDirectory } = await makeReader(context, `printenv ${names}`)
  const chunks: Buffer[] = []
  await reader.readObject('k01', (chunk) => chunks.push(chunk))
  assert.deepEqual(Buffer.concat(chunks).toString().trim().split('\n'), [
    cacheDirectory,
    'never',
    '/etc/kopia/repository.config',
    'secret words',
  ])
})

test('endless lines of errors need little memory, and the last one counts', async (context) => {
  const { reader } = await makeReader(
    context,
    `head -c 20000000 /dev/zero | tr '\\0' x >&2; echo >&2; yes 'error processing x: y' | head -n 100000 >&2
echo 'open repository: connection refused' >&2; exit 1`,
  )
  const result = await reader.readObject('k01', () => undefined)
  assert.deepEqual(result, {
    ok: false,
    failure: { kind: 'unreachable', reason: 'open repository: connection refused' },
  })
})

test('an answer that is no list of snapshots is a failure that shows it', async (context) => {
  const { reader } = await makeReader(context, 'echo hello')
  const result = await reader.newestRoots()
  assert.match(
    result.ok ? '' : result.failure.reason,
    /unexpected answer of Kopia: expected a list of snapshots, found "hello"/,
  )
})
