// Verifications wait for backups and give way to them.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type BackupWatch, createBackupWatch } from '../../agent/verify/backup-watch.ts'

type Setup = { readonly watch: BackupWatch; readonly stop: () => void; readonly waits: () => number }

function setup(isBackupRunning: () => boolean): Setup {
  const stopping = new AbortController()
  let waits = 0
  const onWait = () => {
    waits += 1
  }
  const watch = createBackupWatch({ isBackupRunning, signal: stopping.signal, onWait, intervalMs: 1 })
  return { watch, stop: () => stopping.abort(), waits: () => waits }
}

/** Resolves when the signal is aborted. */
function aborted(signal: AbortSignal): Promise<string> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve('ended'), { once: true }))
}

test('a wait ends once no backup runs, and is told once', async () => {
  let looks = 0
  const { watch, waits } = setup(() => {
    looks += 1
    return looks < 5
  })
  await watch.quiet()
  assert.deepEqual([looks, waits()], [5, 1])
})

test('a stop ends a wait', async () => {
  const { watch, stop } = setup(() => true)
  const quiet = watch.quiet()
  stop()
  await quiet
})

test('a task is ended when a backup begins, and by a stop', async () => {
  let isRunning = false
  const { watch } = setup(() => isRunning)
  const task = watch.whileQuiet(aborted)
  isRunning = true
  assert.equal(await task, 'ended')
  const other = setup(() => false)
  const stopped = other.watch.whileQuiet(aborted)
  other.stop()
  assert.equal(await stopped, 'ended')
})

test('a task without a backup ends by itself, and nothing looks any more', async () => {
  let looks = 0
  const { watch } = setup(() => {
    looks += 1
    return false
  })
  assert.equal(await watch.whileQuiet(async (signal) => signal.aborted), false)
  const before = looks
  await new Promise((resolve) => setTimeout(resolve, 10))
  assert.equal(looks, before)
})

test('a task that fails passes its error on', async () => {
  const { watch } = setup(() => false)
  await assert.rejects(
    watch.whileQuiet(async () => {
      throw new Error('no room')
    }),
    /no room/,
  )
})

test('where it cannot be told whether a backup runs, the task is ended before that is told', async () => {
  let looks = 0
  const { watch } = setup(() => {
    looks += 1
    if (looks > 1) throw new Error('the logs cannot be read')
    return false
  })
  const steps: string[] = []
  const running = watch.whileQuiet(async (signal) => {
    steps.push(await aborted(signal))
  })
  await assert.rejects(running, /the logs cannot be read/)
  assert.deepEqual(steps, ['ended'])
})
