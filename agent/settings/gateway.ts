// Where the agent pushes to, and with which credentials.

import type { TlsFiles } from '../push/http.ts'
import type { Credentials } from '../push/pushgateway.ts'
import type { PushTarget } from '../push/target.ts'
import { ConfigError } from './config-error.ts'
import { parseDurationMs, parseGrouping } from './formats.ts'
import type { SettingName } from './names.ts'
import { toPushTarget } from './push-target.ts'
import { readSecret, secretOf } from './secret-files.ts'

export type GatewaySettings = {
  readonly url: string
  readonly target: PushTarget
  readonly job: string
  readonly grouping: Readonly<Record<string, string>>
  readonly timeoutMs: number
  readonly credentials: Credentials
  readonly tls: TlsFiles
}

/** Throws a ConfigError if a file can't be read or a setting lacks its counterpart. */
export function toGateway(values: Record<SettingName, string>): GatewaySettings {
  return {
    url: values.pushgateway_url,
    target: toPushTarget(values),
    job: values.job,
    grouping: parseGrouping(values.grouping),
    timeoutMs: parseDurationMs(values.pushgateway_timeout),
    credentials: toCredentials(values),
    tls: toTlsFiles(values),
  }
}

function toTlsFiles(values: Record<SettingName, string>): TlsFiles {
  const [ca, certificate, key] = (
    ['pushgateway_ca_file', 'pushgateway_cert_file', 'pushgateway_key_file'] as const
  ).map((name) => readableFile(name, values[name]))
  if ((certificate === undefined) !== (key === undefined)) {
    throw new ConfigError('pushgateway_cert_file and pushgateway_key_file: expected both of them, found one')
  }
  return { ...(ca && { ca }), ...(certificate && { certificate }), ...(key && { key }) }
}

/** Checks that the file can be read; undefined if none is set. */
function readableFile(name: SettingName, path: string): string | undefined {
  if (path === '') return undefined
  readSecret(name, path)
  return path
}

function toCredentials(values: Record<SettingName, string>): Credentials {
  const tokenFile = values.pushgateway_bearer_token_file
  if (tokenFile !== '') {
    return { kind: 'bearer', token: readSecret('pushgateway_bearer_token_file', tokenFile) }
  }
  if (values.pushgateway_username === '') return { kind: 'none' }
  return {
    kind: 'basic',
    username: values.pushgateway_username,
    password: secretOf(values, 'pushgateway_password'),
  }
}
