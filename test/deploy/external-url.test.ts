// The address that links in notifications begin with, from the values of .env.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { externalUrl } from '../../deploy/setup/external-url.ts'
import { readValues, warningsOf } from '../../deploy/setup/values.ts'

type Case = {
  readonly given: Readonly<Record<string, string>>
  readonly url: string
  /** Whether setup warns that only this machine can open the URL. */
  readonly warns?: true
}

const cases: readonly Case[] = [
  { given: {}, url: 'http://127.0.0.1:9090' },
  { given: { TLS_ENABLED: 'true' }, url: 'https://127.0.0.1:9090' },
  { given: { PROMETHEUS_UI_ADDRESS: '192.0.2.7', PROMETHEUS_UI_PORT: '9999' }, url: 'http://192.0.2.7:9999' },
  { given: { PROMETHEUS_UI_ADDRESS: '192.0.2.7', PROMETHEUS_UI_PORT: '80' }, url: 'http://192.0.2.7' },
  {
    given: { PROMETHEUS_UI_ADDRESS: '192.0.2.7', PROMETHEUS_UI_PORT: '443', TLS_ENABLED: 'true' },
    url: 'https://192.0.2.7',
  },
  { given: { PROMETHEUS_UI_ADDRESS: '::1' }, url: 'http://[::1]:9090' },
  { given: { PROMETHEUS_UI_ADDRESS: '2001:DB8:0:0::7' }, url: 'http://[2001:db8::7]:9090' },
  { given: { PROMETHEUS_UI_ADDRESS: '0.0.0.0' }, url: 'http://127.0.0.1:9090', warns: true },
  { given: { PROMETHEUS_UI_ADDRESS: '::' }, url: 'http://127.0.0.1:9090', warns: true },
  { given: { PROMETHEUS_UI_ADDRESS: '0:0:0:0:0:0:0:0' }, url: 'http://127.0.0.1:9090', warns: true },
  // An address with a zone is valid for listening only.
  { given: { PROMETHEUS_UI_ADDRESS: 'fe80::1%eth0' }, url: 'http://127.0.0.1:9090', warns: true },
  {
    given: { PROMETHEUS_UI_ADDRESS: '0.0.0.0', TLS_ENABLED: 'true', TLS_HOSTS: 'Mon.example.com, 192.0.2.7' },
    url: 'https://mon.example.com:9090',
  },
  { given: { PROMETHEUS_UI_ADDRESS: '::', TLS_HOSTS: '2001:db8::7' }, url: 'http://[2001:db8::7]:9090' },
  { given: { TLS_HOSTS: 'monitoring.example.com' }, url: 'http://127.0.0.1:9090' },
  {
    given: { PROMETHEUS_UI_ADDRESS: '0.0.0.0', PROMETHEUS_EXTERNAL_URL: 'https://example.com/prometheus/' },
    url: 'https://example.com/prometheus',
  },
  {
    given: { PROMETHEUS_EXTERNAL_URL: 'http://[2001:db8::7]:9090//', TLS_ENABLED: 'true' },
    url: 'http://[2001:db8::7]:9090',
  },
]

for (const { given, url, warns } of cases) {
  test(`${JSON.stringify(given)}: ${url}${warns ? ', with a warning' : ''}`, () => {
    const values = readValues(given)
    assert.equal(externalUrl(values), url)
    const warnings = warningsOf(values).filter((warning) => warning.includes('PROMETHEUS_EXTERNAL_URL'))
    assert.equal(warnings.length, warns ? 1 : 0)
    if (warns) {
      assert.match(
        warnings[0] ?? '',
        /^PROMETHEUS_UI_ADDRESS=\S+ does not say .* begin with http:\/\/127\.0\.0\.1:9090, .*: set PROMETHEUS_EXTERNAL_URL, such as http/,
      )
    }
  })
}
