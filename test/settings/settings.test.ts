import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { definitions } from '../../agent/metrics/definitions.ts'
import { ConfigError } from '../../agent/settings/config-error.ts'
import { type Flags, loadSettings } from '../../agent/settings/load.ts'
import { settingNames } from '../../agent/settings/names.ts'
import { declarations } from '../../agent/settings/schema.ts'
import { temporaryFolder } from '../support/folder.ts'

async function errorMessage(
  flags: Flags,
  environment: Readonly<Record<string, string>> = {},
): Promise<string> {
  try {
    await loadSettings(flags, environment)
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error))
    assert.ok(!error.message.includes('\n'), error.message)
    return error.message
  }
  return assert.fail('the settings were accepted')
}

test('without settings the defaults apply', async () => {
  const settings = await loadSettings({}, {})
  assert.equal(settings.gateway?.url, 'http://127.0.0.1:9091')
  assert.deepEqual(
    [settings.gateway?.job, settings.instance, settings.gateway?.timeoutMs],
    ['kopia', hostname(), 10_000],
  )
  assert.deepEqual(settings.listen, { host: '127.0.0.1', port: 9192 })
})

test('the path of the URL decides what it names, unless push_target does', async () => {
  const kindOf = async (flags: Flags) => (await loadSettings(flags, {})).gateway?.target.kind
  const url = 'http://vm:8428/api/v1/import/prometheus'
  assert.equal(await kindOf({}), 'pushgateway')
  assert.equal(await kindOf({ 'pushgateway-url': url }), 'prometheus-import')
  assert.equal(await kindOf({ 'pushgateway-url': url, 'push-target': 'pushgateway' }), 'pushgateway')
  assert.equal(await kindOf({ 'push-target': 'prometheus-import' }), 'prometheus-import')
  assert.match(
    await errorMessage({ 'push-target': 'loki' }),
    /expected one of auto, pushgateway, prometheus-import/,
  )
})

test('a flag overrides the environment, the environment the file, the file the default', async (context) => {
  const config = join(await temporaryFolder(context), 'config.yaml')
  await writeFile(config, 'job: file\ninstance: file\nscope: all\npushgateway_timeout: 3s\n')
  const environment = { KOPIA_METRICS_JOB: 'environment', KOPIA_METRICS_INSTANCE: 'environment' }
  const settings = await loadSettings({ config, job: 'flag' }, environment)
  assert.deepEqual(
    [settings.gateway?.job, settings.instance, settings.scope, settings.gateway?.timeoutMs],
    ['flag', 'environment', 'all', 3000],
  )
})

test("systemd's credentials set the settings that name files; they override the file but not the environment", async (context) => {
  const folder = await temporaryFolder(context)
  const config = join(folder, 'config.yaml')
  await writeFile(config, 'pushgateway_username: agent\npushgateway_password_file: /nowhere\n')
  await writeFile(join(folder, 'kopia-metrics-agent.kopia-password'), 'of the repository\n')
  await writeFile(join(folder, 'kopia-metrics-agent.pushgateway-password'), 'of the gateway\n')
  const environment = { CREDENTIALS_DIRECTORY: folder }
  const settings = await loadSettings({ config }, environment)
  assert.equal(settings.kopiaPassword, 'of the repository')
  assert.deepEqual(settings.gateway?.credentials, {
    kind: 'basic',
    username: 'agent',
    password: 'of the gateway',
  })
  assert.match(
    await errorMessage({ config }, { ...environment, KOPIA_METRICS_KOPIA_PASSWORD_FILE: '/nowhere' }),
    /^kopia_password_file: \/nowhere can't be read/,
  )
})

test('empty settings turn pushing and listening off', async () => {
  const settings = await loadSettings({ 'pushgateway-url': '', listen: '' }, {})
  assert.deepEqual([settings.gateway, settings.listen], [undefined, undefined])
})

test('a wrong setting is an error of one line that names origin, expectation and value', async (context) => {
  const config = join(await temporaryFolder(context), 'config.yaml')
  await writeFile(config, 'jobb: x\n')
  const cases: readonly (readonly [Flags, Readonly<Record<string, string>>, RegExp])[] = [
    [
      { 'pushgateway-url': 'ftp://x' },
      {},
      /^flag --pushgateway-url: expected a URL such as .*, found "ftp:\/\/x"$/,
    ],
    [
      {},
      { KOPIA_METRICS_REFRESH_SCHEDULE: 'often' },
      /^environment KOPIA_METRICS_REFRESH_SCHEDULE: expected a cron expression .*"often"$/,
    ],
    [{}, { KOPIA_METRICS_PUSHGATEWAY_TIMEOUT: '10' }, /expected a duration such as 10s, found "10"/],
    [{}, { KOPIA_METRICS_GROUPING: 'job=x' }, /expected labels such as site=berlin/],
    [{ grouping: 'site=berlin,host=nas' }, {}, /expected other labels than those of metrics \(user, host, /],
    [{ grouping: '__site=berlin' }, {}, /__ in front\), found "__site=berlin"/],
    [{}, { KOPIA_METRICS_LISTEN: 'here' }, /expected an address/],
    [{}, { KOPIA_METRICS_LISTEN: '127.0.0.1:99999' }, /expected an address/],
    [{ 'web-allowed-hosts': 'nas,nas.lan:9192' }, {}, /expected host names without a port/],
    [{}, { KOPIA_METRICS_SCOPE: 'some' }, /expected one of local, all, found "some"/],
    [{ job: '' }, {}, /expected a text that is not empty/],
    [{ config }, {}, /config\.yaml: unknown setting jobb/],
    [{ config: '/nowhere.yaml' }, {}, /\/nowhere\.yaml: it can't be read/],
    [
      {},
      { KOPIA_METRICS_PUSHGATEWAY_USERNAME: 'u', KOPIA_METRICS_PUSHGATEWAY_PASSWORD_FILE: '/nowhere' },
      /pushgateway_password_file: \/nowhere can't be read/,
    ],
  ]
  for (const [flags, environment, expected] of cases)
    assert.match(await errorMessage(flags, environment), expected)
})

test('a configuration file of another form is an error of one line', async (context) => {
  const config = join(await temporaryFolder(context), 'config.yaml')
  for (const [content, expected] of [
    ['- a\n- b\n', /expected lines of the form/],
    ['a: [', /can't be read as YAML/],
    ['job: [a]', /expected a text, found \["a"\]/],
  ] as const) {
    await writeFile(config, content)
    assert.match(await errorMessage({ config }), expected)
  }
})

test('a wrong secret is not printed', async (context) => {
  const config = join(await temporaryFolder(context), 'config.yaml')
  await writeFile(config, 'kopia_password: [hunter2]\n')
  const message = await errorMessage({ config })
  assert.match(message, /kopia_password: expected a text, found \(secret\)/)
})

test('a URL with a password is refused, and the message names the settings instead of the password', async () => {
  const found = 'found "http://***@gateway:9091"'
  assert.equal(
    await errorMessage({ 'pushgateway-url': 'http://me:hunter2@gateway:9091' }),
    'flag --pushgateway-url: expected a URL without user name and password (they belong in pushgateway_username and ' +
      `pushgateway_password_file), ${found}`,
  )
  assert.equal(
    await errorMessage({ 'pushgateway-url': 'http://me:hunter/2@gateway:9091' }),
    `flag --pushgateway-url: expected a URL such as http://127.0.0.1:9091, ${found}`,
  )
  assert.match(
    await errorMessage({}, { KOPIA_METRICS_PROMETHEUS_URL: 'https://hunter2@prometheus/path' }),
    /^environment KOPIA_METRICS_PROMETHEUS_URL: expected a URL without .* found "https:\/\/\*\*\*@prometheus\/path"$/,
  )
})

test('no label of a metric may name the group', async () => {
  const labels = new Set(Object.values(definitions).flatMap((metric): readonly string[] => metric.labels))
  assert.ok(labels.has('path') && labels.has('storage'))
  for (const label of labels) {
    assert.match(await errorMessage({ grouping: `${label}=x` }), /expected other labels/)
  }
  assert.equal((await loadSettings({ grouping: 'agent=alice' }, {})).groupLabels.agent, 'alice')
})

test('secrets from files lose their line end', async (context) => {
  const file = join(await temporaryFolder(context), 'secret')
  await writeFile(file, 'hunter2\n')
  const basic = await loadSettings(
    {},
    { KOPIA_METRICS_PUSHGATEWAY_USERNAME: 'u', KOPIA_METRICS_PUSHGATEWAY_PASSWORD_FILE: file },
  )
  assert.deepEqual(basic.gateway?.credentials, { kind: 'basic', username: 'u', password: 'hunter2' })
  const bearer = await loadSettings({ 'pushgateway-bearer-token-file': file }, {})
  assert.deepEqual(bearer.gateway?.credentials, { kind: 'bearer', token: 'hunter2' })
})

test('the host names that the listener answers to are a list', async () => {
  const environment = { KOPIA_METRICS_WEB_ALLOWED_HOSTS: 'nas, nas.lan.example.,backup_1' }
  assert.deepEqual((await loadSettings({}, environment)).webAllowedHosts, [
    'nas',
    'nas.lan.example.',
    'backup_1',
  ])
  assert.deepEqual((await loadSettings({}, {})).webAllowedHosts, [])
})

test('every setting has its own environment variable and an explanation', async () => {
  const names = settingNames().map((name) => declarations[name].environment)
  assert.equal(new Set(names).size, names.length)
  for (const name of settingNames()) assert.ok(declarations[name].doc.length > 10, name)
})

test('a job waits as long as stop_timeout says, and needs something that keeps its metrics', async () => {
  const lifetimeOf = async (flags: Readonly<Record<string, string>>) =>
    (await loadSettings(flags, {})).lifetime
  assert.deepEqual(await lifetimeOf({}), { kind: 'service' })
  assert.deepEqual(await lifetimeOf({ lifetime: 'job' }), { kind: 'job', stopLimitMs: 25_000 })
  assert.deepEqual(await lifetimeOf({ lifetime: 'job', 'stop-timeout': '2m' }), {
    kind: 'job',
    stopLimitMs: 120_000,
  })
  const intoStore = { 'pushgateway-url': 'http://vm:8428/api/v1/import/prometheus' }
  assert.deepEqual(await lifetimeOf(intoStore), { kind: 'service' })
  for (const forgetful of [intoStore, { 'pushgateway-url': '' }]) {
    await assert.rejects(
      lifetimeOf({ lifetime: 'job', ...forgetful }),
      /^ConfigError: lifetime: expected service .*found job/,
    )
  }
  const kept = await lifetimeOf({ lifetime: 'job', 'pushgateway-url': '', textfile: '/t/kopia.prom' })
  assert.equal(kept.kind, 'job')
})

test('always_on may be a boolean in YAML', async (context) => {
  const config = join(await temporaryFolder(context), 'config.yaml')
  await writeFile(config, 'always_on: false\n')
  assert.deepEqual(
    [(await loadSettings({}, {})).alwaysOn, (await loadSettings({ config }, {})).alwaysOn],
    [true, false],
  )
})

test('intervals of sources are set by pattern, the first that matches counts', async () => {
  const { limits } = await loadSettings(
    { 'expected-interval': 'root@nas:/srv/**=1d, *:/srv/mail=4h,*@*:C:/Users/**=90m,*:/a=b=30s' },
    {},
  )
  const seconds = (host: string, path: string) => limits.configuredInterval({ user: 'root', host, path })
  assert.equal(seconds('nas', '/srv/mail'), 86_400)
  assert.equal(seconds('vm', '/srv/mail'), 4 * 3600)
  assert.equal(seconds('vm', '/srv/deep/below'), undefined)
  assert.equal(seconds('vm', 'C:\\Users\\anna'), 5400)
  assert.equal(seconds('vm', '/a=b'), 30)
  const none = await loadSettings({}, {})
  assert.equal(none.limits.configuredInterval({ user: 'root', host: 'nas', path: '/srv/mail' }), undefined)
})

test('a wrong interval or grace is refused with what was expected', async () => {
  for (const value of ['1d', '/srv=', '/srv=1', '/srv=0d', '=1d', '/srv=500ms'])
    assert.match(await errorMessage({ 'expected-interval': value }), /--expected-interval: expected /, value)
  for (const value of ['0', '-1', 'half', '1,5', '', '1e3'])
    assert.match(
      await errorMessage({ 'overdue-grace': value }),
      /--overdue-grace: expected a number above 0/,
      value,
    )
  assert.equal((await loadSettings({ 'overdue-grace': '1.5' }, {})).limits.overdueGrace, 1.5)
  assert.equal((await loadSettings({}, {})).limits.overdueGrace, 0.5)
})
