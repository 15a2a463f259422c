// The time zone of schedules is the agent's own, however it is set.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const context = fileURLToPath(new URL('../../agent/limits/context.ts', import.meta.url))
const times = fileURLToPath(new URL('../../agent/util/cron-times.ts', import.meta.url))

/** Midnight at the beginning of 2026 there, in Unix seconds, as a process with this TZ computes it. */
function newYearWith(zone: string): number {
  const script = `
    const { localTimeZone } = await import(${JSON.stringify(context)})
    const { nextRunSeconds } = await import(${JSON.stringify(times)})
    process.stdout.write(String(nextRunSeconds(['0 0 1 1 *'], 1767000000, localTimeZone())))`
  const environment = { ...process.env, TZ: zone }
  return Number(
    execFileSync(process.execPath, ['--input-type=module', '--eval', script], { env: environment }),
  )
}

const utcMidnight = Date.UTC(2026, 0, 1) / 1000

test('an empty TZ is UTC, a file or a name is that zone', () => {
  assert.equal(newYearWith(''), utcMidnight)
  assert.equal(newYearWith('UTC'), utcMidnight)
  assert.equal(newYearWith('Asia/Tokyo'), utcMidnight - 9 * 3600)
  assert.ok(Number.isFinite(newYearWith(':/etc/localtime')))
})
