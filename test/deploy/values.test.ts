// The values of .env: which are rejected and with which message, and that compose.yaml and .env.example agree with them.

import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { declarations, readValues, warningsOf } from '../../deploy/setup/values.ts'
import { projectFolder } from '../support/tools.ts'

const readDeploy = (name: string) => readFile(join(projectFolder, 'deploy', name), 'utf8')

/** Invalid values, and the expected messages. */
const invalid: readonly (readonly [string, string, RegExp])[] = [
  ['STACK_PROFILE', 'tiny', /expected one of full, minimal, found "tiny"/],
  ['PROMETHEUS_UI_PORT', '90900', /expected a port/],
  ['GRAFANA_PORT', '0', /expected a port/],
  ['GRAFANA_PORT', '9090', /expected a port other than PROMETHEUS_UI_PORT/],
  ['PROMETHEUS_UI_ADDRESS', 'localhost', /expected an IP address/],
  ['PROMETHEUS_EXTERNAL_URL', 'monitoring.example.com', /expected a URL/],
  ['PROMETHEUS_EXTERNAL_URL', 'ftp://monitoring.example.com', /expected a URL/],
  ['PROMETHEUS_EXTERNAL_URL', 'https://ops:secret@monitoring.example.com', /without user name/],
  ['PROMETHEUS_EXTERNAL_URL', 'https://monitoring.example.com/?a=b', /without user name, query/],
  ['PROMETHEUS_EXTERNAL_URL', 'https://monitoring.example.com/#a', /query and fragment/],
  ['PROMETHEUS_EXTERNAL_URL', 'https://monitoring.example.com/{{ .Name }}', /expected a URL/],
  ['PROMETHEUS_EXTERNAL_URL', 'https://[::1', /expected a URL/],
  ['PROMETHEUS_DATA_DIR', 'prometheus', /expected the path of a folder/],
  ['PROMETHEUS_DATA_DIR', '/', /expected the path of a folder/],
  ['PROMETHEUS_RETENTION', '15', /expected a duration/],
  ['PROMETHEUS_RETENTION', '0d', /expected a duration/],
  ['PROMETHEUS_RETENTION', '1h2d', /expected a duration/],
  ['PROMETHEUS_CPU_LIMIT', '0', /expected a number of processors/],
  ['PROMETHEUS_CPU_LIMIT', 'all', /expected a number of processors/],
  ['PROMETHEUS_MEM_LIMIT', '2', /expected a size/],
  ['PROMETHEUS_MEM_LIMIT', '2GiB', /expected a size/],
  ['PROMETHEUS_LOG_LEVEL', 'trace', /expected one of/],
  ['PROMETHEUS_BASIC_AUTH', 'yes', /expected one of true, false/],
  ['PROMETHEUS_BASIC_AUTH', 'true', /PROMETHEUS_AUTH_USER: PROMETHEUS_BASIC_AUTH=true requires it/],
  ['PROMETHEUS_AUTH_USER', 'a:b', /without a colon/],
  ['PROMETHEUS_AUTH_PASSWORD', 'x'.repeat(73), /at most 72 bytes/],
  ['PROMETHEUS_CORS_ORIGIN', 'grafana.example.com', /expected an origin/],
  ['PROMETHEUS_CORS_ORIGIN', 'https://grafana.example.com/', /expected an origin/],
  ['PROMETHEUS_CORS_ORIGIN', 'https://(grafana', /expected an origin/],
  ['PROMETHEUS_EXTERNAL_LABELS', 'berlin', /expected labels/],
  ['PROMETHEUS_REMOTE_WRITE_URL', 'mimir:9009', /expected a URL/],
  ['GRAFANA_ADMIN_PASSWORD', ' ', /expected a password/],
  ['GRAFANA_PLUGINS', 'clock panel', /expected names of plugins/],
  ['TLS_ENABLED', '1', /expected one of true, false/],
  ['TLS_HOSTS', 'https://a', /expected names and addresses/],
  ['KOPIA_USER', 'root', /expected a numeric user/],
]

for (const [name, value, message] of invalid) {
  test(`${name}=${value.slice(0, 30)} stops the start`, () => {
    assert.throws(() => readValues({ [name]: value }), { name: 'ValuesError', message })
  })
}

test('the error lists every invalid value, without secrets', () => {
  const environment = { PROMETHEUS_RETENTION: 'long', PROMETHEUS_AUTH_PASSWORD: ' secret' }
  assert.throws(
    () => readValues(environment),
    (error: Error) => {
      assert.deepEqual(
        error.message.split('\n').map((line) => line.split(':')[0]),
        ['PROMETHEUS_RETENTION', 'PROMETHEUS_AUTH_PASSWORD'],
      )
      return !error.message.includes('secret')
    },
  )
})

test('valid values are accepted', () => {
  for (const [name, value] of [
    ['PROMETHEUS_RETENTION', '1y2w3d'],
    ['PROMETHEUS_MEM_LIMIT', '512m'],
    ['PROMETHEUS_CPU_LIMIT', '0.5'],
    ['PROMETHEUS_DATA_DIR', './data'],
    ['PROMETHEUS_CORS_ORIGIN', '.*'],
    ['PROMETHEUS_CORS_ORIGIN', 'https?://(a|b)\\.example\\.com'],
    ['PROMETHEUS_UI_ADDRESS', '::1'],
    ['PROMETHEUS_EXTERNAL_URL', 'https://monitoring.example.com/prometheus/'],
    ['PROMETHEUS_EXTERNAL_URL', 'http://[2001:db8::7]:9090'],
    ['GRAFANA_PLUGINS', 'grafana-clock-panel, grafana-piechart-panel@1.6.4'],
    ['TLS_HOSTS', 'monitoring.example.com, 192.0.2.7'],
  ] as const) {
    assert.equal(readValues({ [name]: value })[name], value)
  }
})

test('insecure values print a warning', () => {
  const warnings = (environment: Readonly<Record<string, string>>) => warningsOf(readValues(environment))
  const fine = { GRAFANA_ADMIN_PASSWORD: 'staple' }
  assert.deepEqual(warnings(fine), [])
  assert.match(warnings({})[0] ?? '', /^GRAFANA_ADMIN_PASSWORD is "admin"/)
  assert.match(
    warnings({ ...fine, PROMETHEUS_CORS_ORIGIN: '.*' })[0] ?? '',
    /^PROMETHEUS_CORS_ORIGIN=\.\* allows every page/,
  )
  assert.match(warnings({ ...fine, PROMETHEUS_UI_ADDRESS: '0.0.0.0' })[0] ?? '', /without a password/)
})

test('compose.yaml passes every value to setup, with the same default', async () => {
  const compose = await readDeploy('compose.yaml')
  for (const [name, declaration] of Object.entries(declarations)) {
    assert.ok(compose.includes(`      ${name}: \${${name}:-${declaration.default}}\n`), name)
    for (const [, other] of compose.matchAll(new RegExp(`\\$\\{${name}:-([^}]*)\\}`, 'g'))) {
      assert.equal(other, declaration.default, name)
    }
  }
})

test('.env.example lists every variable of the compose files, with its default', async () => {
  const example = await readDeploy('.env.example')
  const files = (await Promise.all(['compose.yaml', 'sidecar.yaml'].map(readDeploy))).join('')
  const shown = new Map([...example.matchAll(/^#([A-Z_]+)=(.*)$/gm)].map(([, name, value]) => [name, value]))
  const read = new Map(
    [...files.matchAll(/\$\{([A-Z_]+):(?:-([^}]*)|\?[^}]*)\}/g)].map(([, name, value = '']) => [name, value]),
  )
  // sidecar.yaml requires it.
  read.set('KOPIA_PASSWORD', '')
  assert.deepEqual(Object.fromEntries([...shown].sort()), Object.fromEntries([...read].sort()))
})
