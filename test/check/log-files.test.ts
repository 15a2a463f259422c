import assert from 'node:assert/strict'
import { open, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { checkEmptyLogs } from '../../agent/check/empty-logs.ts'
import { readLogFiles } from '../../agent/check/log-files.ts'
import { cleanUpAfter } from '../support/cleanup.ts'
import { temporaryFolder } from '../support/folder.ts'
import { logFile } from '../support/log-files.ts'

const now = 1_800_000_000

test('a log file covers the time from its name to its last change', async (context) => {
  const folder = await temporaryFolder(context)
  const path = join(folder, 'kopia-20250102-030405-77-snapshot-create.0.log')
  await writeFile(path, 'line\n')
  await utimes(path, now, now)
  await writeFile(join(folder, 'latest.log'), '')
  const [log, ...others] = await readLogFiles(folder)
  assert.deepEqual(others, [])
  assert.equal(log?.begunAt, Date.UTC(2025, 0, 2, 3, 4, 5) / 1000)
  assert.deepEqual([log?.grewAt, log?.sizeBytes, log?.isOpen], [now, 5, false])
  assert.deepEqual(await readLogFiles(join(folder, 'nowhere')), [])
})

test('a log of a server tells of backups if it has a line of level debug', async (context) => {
  const folder = await temporaryFolder(context)
  const told = async (command: string, text: string) => {
    await writeFile(join(folder, `kopia-20250102-030405-77-${command}.0.log`), text)
    const log = (await readLogFiles(folder)).find(({ name }) => name.command === command)
    return log?.tellsOfBackups
  }
  const info = '2025-01-02T03:04:05.264566Z INFO kopia/cli Open the address above\n'
  assert.equal(await told('server-start', info), false)
  assert.equal(
    await told('server-start', `${info}2025-01-02T03:04:05.3Z DEBUG kopia/server uploading\n`),
    true,
  )
  assert.equal(
    await told('server-start', '{"l":"DEBUG","t":"2025-01-02T03:04:05.3Z","n":"x","m":"y"}\n'),
    true,
  )
  assert.equal(await told('server-start', ''), true, 'a full disk is told as such')
  assert.equal(await told('snapshot-create', info), true)
})

test('a log that its process holds open is open', { skip: process.platform !== 'linux' }, async (context) => {
  const folder = await temporaryFolder(context)
  const file = await open(join(folder, `kopia-20250102-030405-${process.pid}-server-start.0.log`), 'w')
  cleanUpAfter(context, () => file.close())
  assert.deepEqual(
    (await readLogFiles(folder)).map(({ isOpen }) => isOpen),
    [true],
  )
})

test('a log of 0 bytes from the last day is a full disk; one that just began or is old is not', () => {
  const result = (age: number, sizeBytes = 0) =>
    checkEmptyLogs('/logs', [logFile({ sizeBytes, grewAt: now - age })], now).result
  assert.deepEqual(
    [result(3600), result(1), result(2 * 86_400), result(3600, 1)],
    ['warning', 'ok', 'ok', 'ok'],
  )
  const found = checkEmptyLogs('/logs', [logFile({ sizeBytes: 0, grewAt: now - 7200 })], now)
  assert.equal(found.found, '1 log of 0 bytes in /logs, the newest 2 h ago: the log disk was full')
})
