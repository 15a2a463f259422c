// Runs in a container before all other services: checks all values, writes the configurations, and exits. If values are
// invalid, it prints a line for each, writes nothing, and exits with 1; Compose then starts nothing.

import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { hashSync } from 'bcryptjs'
import { type Certificates, generatePair, isStillValid, type Pair, readGiven } from './certificates.ts'
import {
  type Access,
  agentFiles,
  type Files,
  grafanaFiles,
  prometheusFiles,
  pushgatewayFiles,
} from './configurations.ts'
import { claim, empty, fill, give, giveAll, type Owner, readFolder } from './folders.ts'
import { parseHosts } from './value-checks.ts'
import { readValues, type Values, warningsOf } from './values.ts'

/** The user `nobody`, which Prometheus's images run as. */
const nobody: Owner = { user: 65_534, group: 65_534 }
const grafana: Owner = { user: 472, group: 0 }

const output = (part: string) => join('/out', part)
const input = (...parts: string[]) => readFileSync(join('/in', ...parts), 'utf8')

/** The stack's own certificate. A valid one is reused, so that nobody has to accept a new one. */
async function ownPair(values: Values): Promise<Pair> {
  const hosts = parseHosts(values.TLS_HOSTS)
  const now = new Date()
  const paths = { certificate: join(output('tls'), 'cert.pem'), key: join(output('tls'), 'key.pem') }
  if (existsSync(paths.certificate)) {
    const pair = {
      certificate: readFileSync(paths.certificate, 'utf8'),
      key: readFileSync(paths.key, 'utf8'),
    }
    if (isStillValid(pair.certificate, hosts, now)) return pair
    empty(output('tls'))
  }
  const pair = await generatePair(hosts, now)
  fill(output('tls'), { 'cert.pem': pair.certificate, 'key.pem': pair.key }, { user: 0, group: 0 })
  return pair
}

async function certificatesFor(values: Values): Promise<Certificates | undefined> {
  if (values.TLS_ENABLED === 'false') return undefined
  const given = readGiven('/in/tls')
  const pair = await ownPair(values)
  const inside = { ...pair, trust: { authority: pair.certificate, serverName: undefined } }
  return { inside, outside: given ?? inside }
}

async function accessFor(values: Values): Promise<Access> {
  const { PROMETHEUS_AUTH_USER: user, PROMETHEUS_AUTH_PASSWORD: password } = values
  return {
    login:
      values.PROMETHEUS_BASIC_AUTH === 'true' ? { user, password, hash: hashSync(password, 10) } : undefined,
    certificates: await certificatesFor(values),
  }
}

function writeConfigurations(values: Values, access: Access): void {
  const base = values.STACK_PROFILE === 'minimal' ? 'minimal.yml' : 'prometheus.yml'
  const rules = Object.fromEntries(
    readdirSync('/in/rules')
      .filter((name) => /^kopia_.*\.yml$/.test(name))
      .map((name) => [name, input('rules', name)]),
  )
  const sources = { base: input('prometheus', base), rules, runbooks: input('rules', 'runbooks.md') }
  fill(output('prometheus'), prometheusFiles(sources, values, access), nobody)
  fill(output('pushgateway'), pushgatewayFiles(access), nobody)
  // Copy Alertmanager's whole folder, because it may contain templates and password files.
  fill(output('alertmanager'), readFiles('/in/alertmanager'), nobody)
  fill(output('node-exporter'), { 'web.yml': '{}\n' }, nobody)
  const provisioning = [
    input('grafana', 'datasources/prometheus.yaml'),
    input('grafana', 'dashboards/kopia.yaml'),
  ]
  fill(output('grafana'), grafanaFiles(provisioning[0] ?? '', provisioning[1] ?? '', access), grafana)
  fill(output('agent'), agentFiles(access), agentOwner(values))
}

function readFiles(folder: string): Files {
  const names = readFolder(folder).filter((name) => statSync(join(folder, name)).isFile())
  return Object.fromEntries(names.map((name) => [name, readFileSync(join(folder, name), 'utf8')]))
}

function agentOwner({ KOPIA_USER }: Values): Owner {
  const [user = 0, group = 0] = KOPIA_USER.split(':').map(Number)
  return { user, group }
}

function claimData(values: Values): void {
  claim(
    '/data/prometheus',
    nobody,
    (user) =>
      `PROMETHEUS_DATA_DIR: expected an empty folder, or one that this stack created, found data of user ${user} in ` +
      `${values.PROMETHEUS_DATA_DIR}: choose another folder, or change its owner to user ${nobody.user}`,
  )
  for (const part of ['pushgateway', 'alertmanager']) give(join('/data', part), nobody)
  // The agent may have run as another user before.
  for (const part of ['agent', 'spool']) giveAll(join('/data', part), agentOwner(values))
}

async function main(): Promise<void> {
  const values = readValues(process.env)
  claimData(values)
  writeConfigurations(values, await accessFor(values))
  for (const warning of warningsOf(values)) process.stdout.write(`setup: warning: ${warning}\n`)
  process.stdout.write(`setup: done, with the profile ${values.STACK_PROFILE}\n`)
}

main().catch((error: unknown) => {
  const text = error instanceof Error ? error.message : String(error)
  for (const line of text.split('\n')) process.stderr.write(`setup: ${line}\n`)
  process.exitCode = 1
})
