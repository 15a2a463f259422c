import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nextLookMs } from '../../agent/daemon/next-look.ts'

const now = 1_000_000
const snapshotCreate = (nearEndSince?: number) => ({ command: 'snapshot-create', nearEndSince })
const server = { command: 'server-start', nearEndSince: undefined }

const cases = [
  ['no open run', [], false, undefined],
  ['a run under way', [snapshotCreate()], true, 250],
  ['the end just reported', [snapshotCreate(now)], true, 25],
  ['the end reported 2 s ago', [snapshotCreate(now - 2)], true, 25],
  ['maintenance after the end', [snapshotCreate(now - 2.1)], true, 250],
  ['maintenance for hours', [snapshotCreate(now - 7200)], true, 1000],
  ['a clock set back by an hour after the end', [snapshotCreate(now + 3600)], true, 1000],
  ['an idle server', [server], false, 2000],
  ['a server that takes a snapshot', [server], true, 250],
  ['an idle server beside a run that ends', [server, snapshotCreate(now)], false, 25],
] as const

for (const [name, openRuns, isAttemptRunning, expected] of cases) {
  test(`${name}: ${expected === undefined ? 'no look' : `the next look is after ${expected} ms`}`, () => {
    assert.equal(nextLookMs({ openRuns, isAttemptRunning, isWaiting: false, nowSeconds: now }), expected)
  })
}

test('two hours of maintenance after a backup need fewer than 10,000 looks', () => {
  let looks = 0
  for (let at = now; at < now + 7200; looks += 1) {
    const delayMs = nextLookMs({
      openRuns: [snapshotCreate(now)],
      isAttemptRunning: true,
      isWaiting: true,
      nowSeconds: at,
    })
    at += (delayMs ?? 0) / 1000
  }
  assert.ok(looks < 10_000, `${looks} looks`)
})

test('an attempt that waits for the repository is looked at now and then, without any open run', () => {
  const look = { openRuns: [], isAttemptRunning: false, isWaiting: true, nowSeconds: now } as const
  assert.equal(nextLookMs(look), 30_000)
})
