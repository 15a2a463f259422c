// The agent's configuration files as setup reads and writes them.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parse } from 'yaml'
import { configFile } from '../../agent/commands/help.ts'
import { settingLine, settingLines, settingsFileOf, variablesIn } from '../../agent/setup/settings-file.ts'

test('the file of the packages sets nothing, a file with one line does', () => {
  assert.equal(settingsFileOf(undefined, 'config.yaml').kind, 'absent')
  assert.deepEqual(settingsFileOf(configFile(), 'config.yaml'), { kind: 'idle', text: configFile() })
  assert.deepEqual(settingsFileOf('# a\nalways_on: false\n', 'config.yaml'), {
    kind: 'active',
    values: { always_on: 'false' },
  })
  assert.throws(() => settingsFileOf('- a list\n', '/c/config.yaml'), {
    name: 'ConfigError',
    message: '/c/config.yaml: expected lines of the form "setting: value"',
  })
})

test('an environment file gives settings by their names', () => {
  const text =
    '# comment\nKOPIA_LOG_DIR="/a b/$c"\n KOPIA_METRICS_JOB=kopia \nOTHER=1\nKOPIA_METRICS_LISTEN=\n'
  assert.deepEqual(settingsFileOf(text, '/c/environment'), {
    kind: 'active',
    values: { kopia_log_dir: '/a b/$c', job: 'kopia', OTHER: '1', listen: '' },
  })
  assert.equal(settingsFileOf('# KOPIA_METRICS_JOB=x\n\n', '/c/environment').kind, 'idle')
})

test('what is written is read as the same', () => {
  const values = {
    pushgateway_url: 'https://gateway.example:9091/x',
    pushgateway_username: 'o\'neil "x" \\ $HOME `id`',
    grouping: 'site=berlin,env=prod',
    listen: '',
    textfile: '/var/lib/a: b.prom',
    always_on: 'false',
  }
  assert.deepEqual(settingsFileOf(settingLines(values, 'yaml').join('\n'), 'a.yaml'), {
    kind: 'active',
    values,
  })
  assert.deepEqual(settingsFileOf(settingLines(values, 'environment').join('\n'), 'a.environment'), {
    kind: 'active',
    values,
  })
  assert.equal(settingLine('pushgateway_url', 'http://a:9091', 'yaml'), 'pushgateway_url: http://a:9091')
  assert.deepEqual(parse(settingLine('textfile', '/a/b:', 'yaml')), { textfile: '/a/b:' })
  assert.deepEqual(variablesIn("A='x y'\n"), { A: 'x y' })
})
