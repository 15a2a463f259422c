// Starts a real Prometheus as deploy/compose.yaml does, on the files that setup writes, without containers.

import { readdir, readFile } from 'node:fs/promises'
import { get as getHttp } from 'node:http'
import { get as getHttps } from 'node:https'
import { join } from 'node:path'
import { hashSync } from 'bcryptjs'
import { parse } from 'yaml'
import { generatePair } from '../../deploy/setup/certificates.ts'
import { type Access, type Files, prometheusFiles } from '../../deploy/setup/configurations.ts'
import { fill } from '../../deploy/setup/folders.ts'
import { readValues, type Values } from '../../deploy/setup/values.ts'
import { type Cleanable, cleanUpAfter } from './cleanup.ts'
import { temporaryFolder } from './folder.ts'
import { freePort, start } from './processes.ts'
import { rulesFolder } from './rules.ts'
import { projectFolder } from './tools.ts'
import { waitFor } from './wait.ts'

export type Answer = { readonly status: number; readonly type: string; readonly body: string }

export type StackPrometheus = {
  readonly port: number
  readonly login: { readonly user: string; readonly password: string } | undefined
  /** Requests a URL with the login, and trusts the stack's own certificate. */
  readonly ask: (url: string) => Promise<Answer>
  /** Requests a path of Prometheus itself at 127.0.0.1, wherever the external URL points. */
  readonly askItself: (path: string) => Promise<Answer>
  readonly files: Files
}

export type StackOptions = {
  /** The program of Prometheus. */
  readonly program: string
  /** What .env sets. The port is always a free one. */
  readonly environment: Readonly<Record<string, string>>
  /** Further Markdown behind the project's runbooks. */
  readonly furtherRunbooks?: string
}

/** Prometheus's files, as setup writes them for these values, and its process. */
export async function startStackPrometheus(
  context: Cleanable,
  { program, environment, furtherRunbooks = '' }: StackOptions,
): Promise<StackPrometheus> {
  const folder = await temporaryFolder(context)
  const port = await freePort()
  const values = readValues({ PROMETHEUS_UI_PORT: String(port), ...environment })
  const access = await accessFor(values)
  const files = prometheusFiles(await sourcesFor(values, furtherRunbooks), values, access)
  const moved = Object.entries(files).map(([name, text]) => [
    name,
    text.replaceAll('/etc/prometheus', folder),
  ])
  fill(folder, Object.fromEntries(moved), { user: process.getuid?.() ?? 0, group: process.getgid?.() ?? 0 })
  const data = await temporaryFolder(context)
  const running = start('prometheus', program, [
    `--web.listen-address=127.0.0.1:${port}`,
    ...(await commandOf(values)).map((flag) =>
      flag.replace(/=\/prometheus$/, `=${data}`).replace('/etc/prometheus', folder),
    ),
  ])
  cleanUpAfter(context, () => running.stop())
  const ask = (url: string) => request(url, access)
  const askItself = (path: string) =>
    ask(`${access.certificates === undefined ? 'http' : 'https'}://127.0.0.1:${port}${path}`)
  const ended = running.ended.then((code) => {
    throw new Error(`Prometheus ended with ${code}: ${running.output()}`)
  })
  const ready = waitFor(
    'Prometheus is ready',
    async () => (await askItself('/-/ready')).status === 200 || undefined,
  )
  await Promise.race([ready, ended])
  return { port, login: access.login, ask, askItself, files }
}

async function sourcesFor({ STACK_PROFILE }: Values, furtherRunbooks: string) {
  const base = STACK_PROFILE === 'minimal' ? 'minimal.yml' : 'prometheus.yml'
  const names = (await readdir(rulesFolder)).filter((name) => name.endsWith('.yml'))
  const rules = await Promise.all(
    names.map(async (name) => [name, await readFile(join(rulesFolder, name), 'utf8')] as const),
  )
  return {
    base: await readFile(join(projectFolder, 'deploy/prometheus', base), 'utf8'),
    rules: Object.fromEntries(rules),
    runbooks: (await readFile(join(rulesFolder, 'runbooks.md'), 'utf8')) + furtherRunbooks,
  }
}

async function accessFor(values: Values): Promise<Access> {
  const { PROMETHEUS_AUTH_USER: user, PROMETHEUS_AUTH_PASSWORD: password } = values
  const login =
    values.PROMETHEUS_BASIC_AUTH === 'true' ? { user, password, hash: hashSync(password, 4) } : undefined
  if (values.TLS_ENABLED === 'false') return { login, certificates: undefined }
  const pair = await generatePair([], new Date())
  const both = { ...pair, trust: { authority: pair.certificate, serverName: undefined } }
  return { login, certificates: { inside: both, outside: both } }
}

/** The flags of Prometheus in compose.yaml, with its variables replaced. */
async function commandOf(values: Values): Promise<readonly string[]> {
  const compose: { services: { prometheus: { command: readonly string[] } } } = parse(
    await readFile(join(projectFolder, 'deploy/compose.yaml'), 'utf8'),
  )
  const byName: Readonly<Record<string, string>> = values
  return compose.services.prometheus.command.map((flag) =>
    flag.replaceAll(/\$\{(\w+):-([^}]*)\}/g, (_, name: string, other: string) => byName[name] ?? other),
  )
}

/** A request by node:https, because fetch takes no certificate. */
function request(url: string, { login, certificates }: Access): Promise<Answer> {
  const options = {
    ...(login && { auth: `${login.user}:${login.password}` }),
    ...(certificates && { ca: certificates.outside.certificate }),
  }
  return new Promise((resolve, reject) => {
    const get = url.startsWith('https:') ? getHttps : getHttp
    get(url, options, (response) => {
      let body = ''
      response.setEncoding('utf8').on('data', (text: string) => {
        body += text
      })
      response.on('error', reject).on('end', () => {
        const { statusCode: status = 0, headers } = response
        resolve({ status, type: headers['content-type'] ?? '', body })
      })
    }).on('error', reject)
  })
}
