// The command line of `verify`: its options, which set settings for one run, and its operands.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseCommandLine } from '../../agent/commands/command-line.ts'
import { loadSettings } from '../../agent/settings/load.ts'

function misuseOf(...arguments_: readonly string[]): string | undefined {
  const parsed = parseCommandLine(arguments_)
  return parsed.kind === 'misuse' ? parsed.problem : undefined
}

function commandOf(...arguments_: readonly string[]) {
  const parsed = parseCommandLine(arguments_)
  return parsed.kind === 'command' ? parsed : assert.fail(JSON.stringify(parsed))
}

test('verify takes any number of sources', () => {
  assert.deepEqual(commandOf('verify').operands, [])
  assert.deepEqual(commandOf('verify', 'root@vm:/a', '/b c').operands, ['root@vm:/a', '/b c'])
})

test('--percent and --restore stand for the settings, and win over them', async () => {
  const { name, options, flags } = commandOf('verify', '/a', '--percent=5', '--restore', '0', '--json')
  assert.deepEqual([name, [...options].toSorted()], ['verify', ['json', 'percent', 'restore']])
  assert.deepEqual({ ...flags }, { 'verify-percent': '5', 'verify-restore-files': '0' })
  const environment = { KOPIA_METRICS_VERIFY_PERCENT: '7', KOPIA_METRICS_VERIFY_RESTORE_FILES: '8' }
  const { verify } = await loadSettings(flags, environment)
  assert.deepEqual([verify.percent, verify.restoreFiles], [5, 0])
  const both = commandOf('verify', '--verify-percent=3', '--percent=4')
  assert.equal(both.flags['verify-percent'], '4')
})

test('without the options, no setting is changed', () => {
  assert.deepEqual({ ...commandOf('verify', '--verify-parallel=1').flags }, { 'verify-parallel': '1' })
})

test('a wrong value is told as that of the setting', async () => {
  const { flags } = commandOf('verify', '--percent=lots')
  await assert.rejects(loadSettings(flags, {}), {
    message: 'flag --verify-percent: expected a percentage from 0 to 100 such as 0.5, found "lots"',
  })
  const empty = commandOf('verify', '--restore=')
  await assert.rejects(loadSettings(empty.flags, {}), { message: /^flag --verify-restore-files: expected/ })
})

test('options of one command are misuse for the others', () => {
  assert.equal(misuseOf('push', '--percent=5'), 'push: there is no --percent')
  assert.equal(misuseOf('status', '--restore=1'), 'status: there is no --restore')
  assert.equal(misuseOf('push', '--percent='), 'push: there is no --percent')
  assert.equal(misuseOf('verify', '--watch'), 'verify: there is no --watch')
  assert.equal(misuseOf('verify', '--global'), 'verify: there is no --global')
  assert.throws(() => parseCommandLine(['verify', '--percent']), {
    code: 'ERR_PARSE_ARGS_INVALID_OPTION_VALUE',
  })
})
