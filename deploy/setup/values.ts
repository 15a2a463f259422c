// Declares every value that .env may set for the stack: its default and its check.

import { checkUrl, oneOf, parseLabels } from '../../agent/settings/formats.ts'
import { externalUrl, isAddressKnown } from './external-url.ts'
import {
  checkAddress,
  checkDuration,
  checkExternalUrl,
  checkFolder,
  checkGiven,
  checkHosts,
  checkMemory,
  checkOrigin,
  checkPassword,
  checkPlugins,
  checkPort,
  checkProcessors,
  checkUser,
  checkUserName,
} from './value-checks.ts'

type Declaration = {
  readonly default: string
  /** Throws an Error that says which values are valid. */
  readonly check: (value: string) => void
  /** Messages never contain the value. */
  readonly secret?: true
}

export const declarations = {
  STACK_PROFILE: { default: 'full', check: oneOf('full', 'minimal') },
  PROMETHEUS_UI_ADDRESS: { default: '127.0.0.1', check: checkAddress },
  PROMETHEUS_UI_PORT: { default: '9090', check: checkPort },
  PROMETHEUS_EXTERNAL_URL: { default: '', check: checkExternalUrl },
  PROMETHEUS_DATA_DIR: { default: '/var/lib/prometheus', check: checkFolder },
  PROMETHEUS_RETENTION: { default: '15d', check: checkDuration },
  PROMETHEUS_CPU_LIMIT: { default: '1', check: checkProcessors },
  PROMETHEUS_MEM_LIMIT: { default: '2G', check: checkMemory },
  PROMETHEUS_LOG_LEVEL: { default: 'info', check: oneOf('debug', 'info', 'warn', 'error') },
  PROMETHEUS_ADMIN_API: { default: 'false', check: oneOf('true', 'false') },
  PROMETHEUS_CORS_ORIGIN: { default: '', check: checkOrigin },
  PROMETHEUS_BASIC_AUTH: { default: 'false', check: oneOf('true', 'false') },
  PROMETHEUS_AUTH_USER: { default: '', check: checkUserName },
  PROMETHEUS_AUTH_PASSWORD: { default: '', check: checkPassword, secret: true },
  PROMETHEUS_EXTERNAL_LABELS: { default: '', check: (value) => void parseLabels(value) },
  PROMETHEUS_REMOTE_WRITE_URL: { default: '', check: checkUrl },
  PROMETHEUS_REMOTE_WRITE_USER: { default: '', check: () => undefined },
  PROMETHEUS_REMOTE_WRITE_PASSWORD: { default: '', check: () => undefined, secret: true },
  GRAFANA_ADDRESS: { default: '127.0.0.1', check: checkAddress },
  GRAFANA_PORT: { default: '3000', check: checkPort },
  GRAFANA_ADMIN_PASSWORD: { default: 'admin', check: checkGiven, secret: true },
  GRAFANA_PLUGINS: { default: '', check: checkPlugins },
  TLS_ENABLED: { default: 'false', check: oneOf('true', 'false') },
  TLS_HOSTS: { default: '', check: checkHosts },
  KOPIA_USER: { default: '1000:1000', check: checkUser },
} as const satisfies Record<string, Declaration>

type ValueName = keyof typeof declarations

export type Values = Readonly<Record<ValueName, string>>

/** Lists all invalid values, one per line. */
class ValuesError extends Error {
  override readonly name = 'ValuesError'
}

/** Reads the values from an environment. Throws a ValuesError with all invalid values. */
export function readValues(environment: Readonly<Record<string, string | undefined>>): Values {
  const values: Record<string, string> = {}
  const problems: string[] = []
  for (const [name, declaration] of Object.entries<Declaration>(declarations)) {
    const value = environment[name] || declaration.default
    values[name] = value
    try {
      declaration.check(value)
    } catch (error) {
      const expected = error instanceof Error ? error.message : String(error)
      problems.push(`${name}: ${expected}${declaration.secret ? '' : `, found "${value}"`}`)
    }
  }
  const read = values as Values
  problems.push(...conflictsIn(read))
  if (problems.length > 0) throw new ValuesError(problems.join('\n'))
  return read
}

/** Checks that values are consistent with each other. */
function conflictsIn(values: Values): readonly string[] {
  const problems: string[] = []
  if (values.PROMETHEUS_BASIC_AUTH === 'true') {
    for (const name of ['PROMETHEUS_AUTH_USER', 'PROMETHEUS_AUTH_PASSWORD'] as const) {
      if (values[name] === '') problems.push(`${name}: PROMETHEUS_BASIC_AUTH=true requires it, found nothing`)
    }
  }
  if (
    values.PROMETHEUS_UI_PORT === values.GRAFANA_PORT &&
    values.PROMETHEUS_UI_ADDRESS === values.GRAFANA_ADDRESS
  ) {
    problems.push(
      `GRAFANA_PORT: expected a port other than PROMETHEUS_UI_PORT, found ${values.GRAFANA_PORT} in both`,
    )
  }
  return problems
}

/** Warnings about values that are valid but insecure, or that leave something out. */
export function warningsOf(values: Values): readonly string[] {
  const warnings: string[] = []
  if (values.GRAFANA_ADMIN_PASSWORD === 'admin') {
    warnings.push('GRAFANA_ADMIN_PASSWORD is "admin", which attackers try first: set another password')
  }
  if (/^[(^]*\.[*+]/.test(values.PROMETHEUS_CORS_ORIGIN)) {
    warnings.push(
      `PROMETHEUS_CORS_ORIGIN=${values.PROMETHEUS_CORS_ORIGIN} allows every page that you visit to read Prometheus: ` +
        "set Grafana's origin",
    )
  }
  const isOpen = !/^(127\.|::1$)/.test(values.PROMETHEUS_UI_ADDRESS)
  if (isOpen && values.PROMETHEUS_BASIC_AUTH === 'false') {
    warnings.push(
      `PROMETHEUS_UI_ADDRESS=${values.PROMETHEUS_UI_ADDRESS} opens Prometheus to the network without a password: ` +
        'set PROMETHEUS_BASIC_AUTH=true',
    )
  }
  if (!isAddressKnown(values)) {
    warnings.push(
      `PROMETHEUS_UI_ADDRESS=${values.PROMETHEUS_UI_ADDRESS} does not say under which address people open Prometheus, so ` +
        `the links in notifications begin with ${externalUrl(values)}, which only this machine can open: ` +
        'set PROMETHEUS_EXTERNAL_URL, such as http://monitoring.example.com:9090',
    )
  }
  return warnings
}
