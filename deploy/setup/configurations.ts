// Creates the configuration files of each service from the project's configurations and the values. All functions are pure.
//
// 9 kB in one file, because all services share the same access settings.

import { parse, stringify } from 'yaml'
import { parseLabels } from '../../agent/settings/formats.ts'
import type { Certificates, Trust } from './certificates.ts'
import { externalUrl } from './external-url.ts'
import { runbooksPage, runbooksPath, withRunbooks } from './runbooks.ts'
import type { Values } from './values.ts'

/** File contents by path within a folder. */
export type Files = Readonly<Record<string, string>>

export type Access = {
  readonly login: { readonly user: string; readonly password: string; readonly hash: string } | undefined
  readonly certificates: Certificates | undefined
}

const note = '# Written by setup at each start from the files in deploy/ and .env. Change those instead.\n'
const toYaml = (value: unknown): string => note + stringify(value)

type Job = { static_configs: { targets: string[] }[] }
type PrometheusConfiguration = {
  global: Record<string, unknown>
  scrape_configs: Job[]
}

/** The files of the project that Prometheus's configuration is made of. */
export type PrometheusSources = {
  /** The configuration of the profile. */
  readonly base: string
  /** The rule files by their names. */
  readonly rules: Files
  /** runbooks.md. */
  readonly runbooks: string
}

/** The files in Prometheus's /etc/prometheus. */
export function prometheusFiles(sources: PrometheusSources, values: Values, access: Access): Files {
  const folder = '/etc/prometheus'
  const configuration: PrometheusConfiguration = parse(sources.base)
  if (values.PROMETHEUS_EXTERNAL_LABELS !== '') {
    configuration.global.external_labels = parseLabels(values.PROMETHEUS_EXTERNAL_LABELS)
  }
  const scrape_configs = configuration.scrape_configs.map((job) => ({ ...job, ...accessTo(job, access) }))
  const trust = access.certificates?.outside.trust
  return {
    'prometheus.yml': toYaml({ ...configuration, scrape_configs, ...remoteWrite(values) }),
    'web.yml': webConfiguration(folder, access),
    flags: flagsOf(values),
    ...linkedRules(sources, externalUrl(values)),
    'client.yml': toYaml({
      ...loginBy(folder, access),
      ...(trust && { tls_config: tlsBy(folder, 'ca.pem', trust) }),
    }),
    'health.sh': `${note}exec promtool check healthy --url=${scheme(access)}://localhost:9090 --http.config.file=${folder}/client.yml\n`,
    ...secretFiles(access, access.certificates?.outside),
    ...(access.certificates && { 'gateway-ca.pem': access.certificates.inside.certificate }),
    ...(values.PROMETHEUS_REMOTE_WRITE_PASSWORD !== '' && {
      'remote-write-password': values.PROMETHEUS_REMOTE_WRITE_PASSWORD,
    }),
  }
}

/** One flag in each line. */
function flagsOf(values: Values): string {
  const flags = [
    `--web.external-url=${externalUrl(values)}`,
    ...(values.PROMETHEUS_ADMIN_API === 'true' ? ['--web.enable-admin-api'] : []),
  ]
  return `${flags.join('\n')}\n`
}

/** The rules, and the page that their links open. */
function linkedRules({ rules, runbooks }: PrometheusSources, url: string): Files {
  const linked = Object.entries(rules).map(([name, text]) => [`rules/${name}`, withRunbooks(text, url)])
  return { ...Object.fromEntries(linked), [runbooksPath]: runbooksPage(runbooks) }
}

/** The login and TLS settings of a scrape job. Only the gateway and Prometheus itself require any. */
function accessTo(job: Job, access: Access): object {
  const targets = job.static_configs.flatMap((group) => group.targets)
  const folder = '/etc/prometheus'
  const [caFile, trust] = targets.includes('kopia-exporter:9091')
    ? (['gateway-ca.pem', access.certificates?.inside.trust] as const)
    : (['ca.pem', access.certificates?.outside.trust] as const)
  const isGuarded = targets.some((target) => ['kopia-exporter:9091', 'localhost:9090'].includes(target))
  if (!isGuarded) return {}
  return {
    ...loginBy(folder, access),
    ...(trust && { scheme: 'https', tls_config: tlsBy(folder, caFile, trust) }),
  }
}

function remoteWrite(values: Values): object {
  if (values.PROMETHEUS_REMOTE_WRITE_URL === '') return {}
  const { PROMETHEUS_REMOTE_WRITE_USER: username, PROMETHEUS_REMOTE_WRITE_PASSWORD: password } = values
  const login = {
    basic_auth: {
      username,
      ...(password !== '' && { password_file: '/etc/prometheus/remote-write-password' }),
    },
  }
  return { remote_write: [{ url: values.PROMETHEUS_REMOTE_WRITE_URL, ...(username !== '' && login) }] }
}

/** The files in the gateway's /etc/pushgateway. Its image has only busybox's wget for the health check. */
export function pushgatewayFiles(access: Access): Files {
  const { login } = access
  const pair = Buffer.from(`${login?.user}:${login?.password}`).toString('base64')
  const header = login === undefined ? '' : ` --header='Authorization: Basic ${pair}'`
  // busybox's wget cannot verify a certificate against a file. The health check only connects to its own container.
  const unchecked = access.certificates === undefined ? '' : ' --no-check-certificate'
  return {
    'web.yml': webConfiguration('/etc/pushgateway', access),
    'health.sh': `${note}exec wget -q -O /dev/null${unchecked}${header} ${scheme(access)}://127.0.0.1:9091/-/healthy\n`,
    ...secretFiles({ ...access, login: undefined }, access.certificates?.inside),
  }
}

/** The files in Grafana's /etc/grafana. */
export function grafanaFiles(dataSource: string, provider: string, access: Access): Files {
  const { certificates } = access
  const server = certificates
    ? 'protocol = https\ncert_file = /etc/grafana/tls.crt\ncert_key = /etc/grafana/tls.key\n'
    : ''
  const unchecked = certificates === undefined ? '' : ' --no-check-certificate'
  return {
    'grafana.ini': `[server]\n${server}`,
    'provisioning/datasources/prometheus.yaml': toYaml(withAccess(parse(dataSource), access)),
    'provisioning/dashboards/kopia.yaml': provider,
    // Grafana logs an error if one of these folders is missing.
    'provisioning/plugins/none.yaml': 'apiVersion: 1\n',
    'provisioning/alerting/none.yaml': 'apiVersion: 1\n',
    'health.sh': `${note}exec wget -q -O /dev/null${unchecked} ${scheme(access)}://127.0.0.1:3000/api/health\n`,
    ...secretFiles(access, certificates?.outside),
  }
}

type DataSources = { datasources: Record<string, unknown>[] }

function withAccess(configuration: DataSources, { login, certificates }: Access): DataSources {
  const trust = certificates?.outside.trust
  const datasources = configuration.datasources.map((source) => ({
    ...source,
    url: certificates ? String(source.url).replace(/^http:/, 'https:') : source.url,
    ...(login && { basicAuth: true, basicAuthUser: escapeDollars(login.user) }),
    jsonData: {
      ...(typeof source.jsonData === 'object' ? source.jsonData : {}),
      ...(trust?.authority !== undefined && { tlsAuthWithCACert: true }),
      ...(trust?.serverName !== undefined && { serverName: trust.serverName }),
    },
    secureJsonData: {
      // Grafana reads the files itself (its documentation, "Variable expansion").
      ...(login && { basicAuthPassword: '$__file{/etc/grafana/password}' }),
      ...(trust?.authority !== undefined && { tlsCACert: '$__file{/etc/grafana/ca.pem}' }),
    },
  }))
  return { ...configuration, datasources }
}

/** Grafana expands $NAME in provisioning files; $$ is a literal dollar. */
function escapeDollars(text: string): string {
  return text.replaceAll('$', '$$$$')
}

/** The files in the agent's /etc/kopia-metrics-agent. */
export function agentFiles({ login, certificates }: Access): Files {
  const folder = '/etc/kopia-metrics-agent'
  return {
    'config.yaml': toYaml({
      pushgateway_url: `${certificates ? 'https' : 'http'}://pushgateway:9091`,
      ...(login && { pushgateway_username: login.user, pushgateway_password_file: `${folder}/password` }),
      ...(certificates && { pushgateway_ca_file: `${folder}/ca.pem` }),
    }),
    ...(login && { password: login.password }),
    ...(certificates && { 'ca.pem': certificates.inside.certificate }),
  }
}

/** The web configuration of exporter-toolkit, which reads it again at each request. */
function webConfiguration(folder: string, { login, certificates }: Access): string {
  return toYaml({
    ...(certificates && {
      tls_server_config: { cert_file: `${folder}/tls.crt`, key_file: `${folder}/tls.key` },
    }),
    basic_auth_users: login ? { [login.user]: login.hash } : {},
  })
}

function loginBy(folder: string, { login }: Access): object {
  return login ? { basic_auth: { username: login.user, password_file: `${folder}/password` } } : {}
}

function tlsBy(folder: string, caFile: string, { authority, serverName }: Trust): object {
  return {
    ...(authority !== undefined && { ca_file: `${folder}/${caFile}` }),
    ...(serverName !== undefined && { server_name: serverName }),
  }
}

function scheme({ certificates }: Access): 'http' | 'https' {
  return certificates ? 'https' : 'http'
}

function secretFiles({ login }: Access, certificates: Certificates['outside'] | undefined): Files {
  return {
    ...(login && { password: login.password }),
    ...(certificates && { 'tls.crt': certificates.certificate, 'tls.key': certificates.key }),
    ...(certificates?.trust.authority !== undefined && { 'ca.pem': certificates.trust.authority }),
  }
}
