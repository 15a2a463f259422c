// A stand-in for Grafana, which is not available for the tests. It reads the provisioning files from Grafana's folders, queries
// the data source as Grafana's server would, and answers /api/health with 200 if all of that succeeds.

import { accessSync, constants, existsSync, readdirSync, readFileSync } from 'node:fs'
import { createServer, request } from 'node:http'
import { createServer as createTlsServer, request as requestTls } from 'node:https'
import { join } from 'node:path'
import { parse } from 'yaml'

const { GF_PATHS_CONFIG: ini, GF_PATHS_DATA: data, GF_PATHS_PROVISIONING: provisioning } = process.env

/** Expands $__file{…} and $$ (Grafana's documentation, "Variable expansion"). */
const expand = (text) =>
  text.replace(/\$__file\{(.*?)\}|\$\$/g, (_, path) => (path ? readFileSync(path, 'utf8').trim() : '$'))

function readSettings() {
  const lines = readFileSync(ini, 'utf8').split('\n')
  return Object.fromEntries(lines.map((line) => line.split(' = ')).filter((pair) => pair.length === 2))
}

function readYaml(kind) {
  const folder = join(provisioning, kind)
  return readdirSync(folder).map((name) => parse(readFileSync(join(folder, name), 'utf8')))
}

function readDashboards() {
  const [provider] = readYaml('dashboards').flatMap(({ providers }) => providers)
  const folder = provider.options.path
  const names = readdirSync(folder).filter((name) => name.endsWith('.json'))
  return names.map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')).title).sort()
}

function fetchFrom(source, path) {
  const { basicAuth, basicAuthUser = '', secureJsonData = {}, jsonData } = source
  const auth = basicAuth && `${expand(basicAuthUser)}:${expand(secureJsonData.basicAuthPassword)}`
  const tls = {
    ...(jsonData.tlsAuthWithCACert && { ca: expand(secureJsonData.tlsCACert) }),
    ...(jsonData.serverName && { servername: jsonData.serverName }),
  }
  const send = source.url.startsWith('https:') ? requestTls : request
  return new Promise((resolve, reject) => {
    send(source.url + path, { ...tls, ...(auth && { auth }) }, (response) => {
      let body = ''
      response.setEncoding('utf8').on('data', (text) => {
        body += text
      })
      response.on('end', () => resolve({ status: response.statusCode, body }))
    })
      .on('error', reject)
      .end()
  })
}

async function inspect() {
  accessSync(data, constants.W_OK)
  const [source] = readYaml('datasources').flatMap(({ datasources }) => datasources)
  const answer = await fetchFrom(source, '/api/v1/query?query=up')
  return {
    dataSource: { name: source.name, uid: source.uid, status: answer.status },
    up: answer.status === 200 ? JSON.parse(answer.body).data.result.length : 0,
    dashboards: readDashboards(),
    environment: Object.fromEntries(Object.entries(process.env).filter(([name]) => name.startsWith('GF_'))),
  }
}

async function reply(_, response) {
  const found = await inspect().catch((error) => ({ fault: String(error) }))
  response.writeHead('fault' in found ? 503 : 200, { 'content-type': 'application/json' })
  response.end(JSON.stringify(found))
}

if (!existsSync(ini)) throw new Error(`${ini} is missing`)
const settings = readSettings()
/** Allows the ciphers of busybox's wget. The wget in Grafana's image uses OpenSSL. */
const tlsOptions = () => ({
  cert: readFileSync(settings.cert_file),
  key: readFileSync(settings.cert_key),
  ciphers: 'ALL:@SECLEVEL=0',
})
const server = settings.protocol === 'https' ? createTlsServer(tlsOptions(), reply) : createServer(reply)
server.listen(3000)
process.on('SIGTERM', () => process.exit())
