// The command line of `setup`, and the answers that flags and environment give.

import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { parseCommandLine } from '../../agent/commands/command-line.ts'
import { answersOf } from '../../agent/commands/setup-answers.ts'
import type { Machine } from '../../agent/setup/facts.ts'
import { temporaryFolder } from '../support/folder.ts'
import { machineOf, root } from '../support/setup/machine.ts'

/** The answers of a command line after `setup`. */
function answersTo(
  arguments_: readonly string[],
  environment: Readonly<Record<string, string>> = {},
  machine: Machine = machineOf(root),
) {
  const line = parseCommandLine(['setup', ...arguments_])
  assert.ok(line.kind === 'command', JSON.stringify(line))
  return answersOf(line.flags, environment, line.setup, machine)
}

test('its options have values, and are misuse for other commands', async () => {
  const { unit, name, hooks } = await answersTo(['--unit=timer', '--name', 'photos', '--hooks=no'])
  assert.deepEqual([unit, name, hooks], ['timer', 'photos', 'never'])
  const problem = (...words: readonly string[]) => {
    const line = parseCommandLine(words)
    return line.kind === 'misuse' ? line.problem : undefined
  }
  assert.equal(problem('push', '--yes'), 'push: there is no --yes')
  assert.equal(problem('check', '--unit=none'), 'check: there is no --unit')
  assert.equal(problem('setup', '--yes', '--dry-run'), 'setup: expected --yes or --dry-run, found both')
  assert.equal(problem('setup', 'now'), 'setup: expected nothing more, found "now"')
})

test('what is given is written, by flag before environment, and paths become absolute', async () => {
  const { settings } = await answersTo(
    ['--instance=nas', '--pushgateway-ca-file=ca.pem', '--kopia-bin=/opt/kopia'],
    {
      KOPIA_METRICS_INSTANCE: 'other',
      KOPIA_METRICS_JOB: 'backup',
      KOPIA_CONFIG_PATH: '/srv/k.config',
    },
  )
  assert.deepEqual(settings, {
    job: 'backup',
    instance: 'nas',
    pushgateway_ca_file: join(process.cwd(), 'ca.pem'),
  })
})

test('a value of several lines is refused, since an environment file cannot hold it', async () => {
  await assert.rejects(answersTo(['--instance=a\nKOPIA_METRICS_LISTEN=x']), {
    name: 'ConfigError',
    message: 'instance: expected one line without control characters, found "a\\nKOPIA_METRICS_LISTEN=x"',
  })
})

test('secrets come from files and variables, never from the command line', async (context) => {
  const path = join(await temporaryFolder(context), 'token')
  await writeFile(path, 'abc\n')
  const { secrets, settings } = await answersTo([`--pushgateway-bearer-token-file=${path}`], {
    KOPIA_PASSWORD: 'pw',
  })
  assert.deepEqual(
    [...secrets],
    [
      ['kopia_password_file', 'pw'],
      ['pushgateway_bearer_token_file', 'abc'],
    ],
  )
  assert.deepEqual(settings, {})
  await assert.rejects(answersTo(['--kopia-password=pw']), {
    message: /^flag --kopia-password: others can see it/,
  })
  await assert.rejects(answersTo(['--kopia-password-file=/nowhere/x']), {
    message: /^kopia_password_file: \/nowhere\/x can't be read/,
  })
})

test('values that it does not know are told', async () => {
  await assert.rejects(answersTo(['--unit=always']), {
    message: 'flag --unit: expected one of service, timer, none, found "always"',
  })
  await assert.rejects(answersTo(['--unit=usual']), { message: /^flag --unit: expected one of/ })
  await assert.rejects(answersTo(['--hooks=yes']), {
    message: 'flag --hooks: expected one of where-needed, no, found "yes"',
  })
  await assert.rejects(answersTo(['--name=../x']), { message: /^flag --name: expected letters/ })
})

test('a further agent pushes where the one that exists pushes', async () => {
  const values = { pushgateway_url: 'http://gateway:9091', listen: '' }
  const agents = [{ name: undefined, file: '/etc/kopia-metrics-agent/config.yaml', values, user: 'root' }]
  const { inherited } = await answersTo([], {}, machineOf(root, { agents }))
  assert.deepEqual(inherited, { pushgateway_url: 'http://gateway:9091' })
})
