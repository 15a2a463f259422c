// The settings that are numbers: what is accepted, and what the message expects.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loadSettings } from '../../agent/settings/load.ts'
import {
  parseBytes,
  parseCount,
  parseFactor,
  parsePercent,
  parsePositiveCount,
} from '../../agent/settings/numbers.ts'

type Format = {
  readonly parse: (value: string) => number
  readonly good: Readonly<Record<string, number>>
  readonly bad: readonly string[]
  readonly expected: RegExp
}

const notANumber = ['', ' ', 'x', '-1', '1e3', '0x10', 'NaN', 'Infinity', '1 ', '½', '1,5'] as const

const formats: Readonly<Record<string, Format>> = {
  'a factor': {
    parse: parseFactor,
    good: { '0.5': 0.5, '2': 2, '10.25': 10.25 },
    bad: [...notANumber, '0', '0.0', '.5', '1.'],
    expected: /^expected a number above 0 such as 0\.5$/,
  },
  'a percentage': {
    parse: parsePercent,
    good: { '0': 0, '0.5': 0.5, '1': 1, '100': 100, '100.0': 100 },
    bad: [...notANumber, '100.1', '101', '5%', '.5'],
    expected: /^expected a percentage from 0 to 100 such as 0\.5$/,
  },
  'a count': {
    parse: parseCount,
    good: { '0': 0, '3': 3, '007': 7, '1000': 1000 },
    bad: [...notANumber, '1.5', '1001', '99999999999999999999'],
    expected: /^expected a whole number from 0 to 1000$/,
  },
  'a positive count': {
    parse: parsePositiveCount,
    good: { '1': 1, '1000': 1000 },
    bad: ['0', '00'],
    expected: /^expected a whole number from 1 to 1000$/,
  },
  'a number of bytes': {
    parse: parseBytes,
    good: { '1B': 1, '2KiB': 2048, '500MiB': 524_288_000, '1GiB': 1_073_741_824, '2TiB': 2 ** 41 },
    bad: [...notANumber, '0B', '0GiB', '1', '1GB', '1gib', '1.5GiB', 'GiB', '1 GiB'],
    expected: /^expected a number of bytes such as 500MiB or 1GiB$/,
  },
}

for (const [name, { parse, good, bad, expected }] of Object.entries(formats)) {
  test(`${name}: what is accepted, and what is expected instead of the rest`, () => {
    for (const [text, value] of Object.entries(good)) assert.equal(parse(text), value, text)
    for (const text of bad) assert.throws(() => parse(text), { message: expected }, `"${text}"`)
  })
}

test('a huge number of bytes is refused, since no number holds it', () => {
  assert.throws(() => parseBytes(`${'9'.repeat(400)}TiB`), { message: /^expected a number of bytes/ })
})

test('verifications are off by default, and their settings have defaults', async () => {
  assert.deepEqual((await loadSettings({}, {})).verify, {
    schedule: undefined,
    percent: 1,
    restoreFiles: 3,
    mostBytes: 2 ** 30,
    parallel: 2,
    timeLimitMs: 3_600_000,
  })
})

test('each setting of verifications is read, and a wrong one is told with what was found', async () => {
  const { verify, limits } = await loadSettings(
    { 'verify-schedule': '30 4 * * *', 'verify-percent': '0.1', 'verify-restore-files': '0' },
    { KOPIA_METRICS_VERIFY_MAX_BYTES: '10MiB', KOPIA_METRICS_VERIFY_TIME_LIMIT: '5m' },
  )
  assert.deepEqual(
    [verify.schedule, verify.percent, verify.restoreFiles, verify.mostBytes, verify.timeLimitMs],
    ['30 4 * * *', 0.1, 0, 10 * 2 ** 20, 300_000],
  )
  assert.equal(limits.verifySchedule, '30 4 * * *')
  const wrong: readonly (readonly [flag: string, value: string, message: RegExp])[] = [
    ['verify-schedule', 'daily', /^flag --verify-schedule: expected a cron expression .*, found "daily"$/],
    ['verify-percent', '200', /^flag --verify-percent: expected a percentage .*, found "200"$/],
    ['verify-restore-files', '-1', /^flag --verify-restore-files: expected a whole number .*, found "-1"$/],
    ['verify-max-bytes', '1GB', /^flag --verify-max-bytes: expected a number of bytes .*, found "1GB"$/],
    ['verify-parallel', '0', /^flag --verify-parallel: expected a whole number from 1 .*, found "0"$/],
    ['verify-time-limit', '0s', /^flag --verify-time-limit: expected a duration .*, found "0s"$/],
  ]
  for (const [flag, value, message] of wrong)
    await assert.rejects(loadSettings({ [flag]: value }, {}), { name: 'ConfigError', message })
})
