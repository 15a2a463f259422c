// Tests every profile of deploy/compose.yaml, one after the other.

import assert from 'node:assert/strict'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { makeAuthority, makeNamedCertificate } from './certificates.ts'
import type { StackLab } from './stack-lab.ts'
import { ask, defaultEndpoint, openRunbook, waitForAgentPush, waitForTargets } from './stack-queries.ts'
import { waitFor } from './wait.ts'

const login = {
  PROMETHEUS_BASIC_AUTH: 'true',
  PROMETHEUS_AUTH_USER: 'ops',
  PROMETHEUS_AUTH_PASSWORD: 'pa$$ w"rd',
}
const loginFlag = `--user 'ops:pa$$ w"rd'`

/** The .env of each profile. */
export const profiles = {
  minimal: { STACK_PROFILE: 'minimal' },
  authentication: login,
  'external services': {
    PROMETHEUS_CORS_ORIGIN: 'https://grafana\\.example\\.com',
    PROMETHEUS_REMOTE_WRITE_URL: 'http://store:9090/api/v1/write',
    PROMETHEUS_EXTERNAL_LABELS: 'site=berlin',
  },
  'generated certificate': { ...login, TLS_ENABLED: 'true', TLS_HOSTS: 'monitoring.example.com,192.0.2.7' },
  'given certificate': {
    TLS_ENABLED: 'true',
    PROMETHEUS_EXTERNAL_URL: 'https://monitoring.example.com:9090',
  },
} as const

/** Runs all profiles. Each starts without running containers and leaves none. */
export async function testProfiles(context: TestContext, lab: StackLab): Promise<void> {
  await context.test('minimal: only one job', () => testMinimal(lab))
  await context.test('authentication: rejected without a login, accepted with it', () =>
    testAuthentication(lab),
  )
  await context.test('an external Grafana, and remote write to another store', () =>
    testExternalServices(lab),
  )
  await context.test('TLS with a generated certificate, and authentication', () =>
    testGeneratedCertificate(lab),
  )
  await context.test('TLS with a given certificate', () => testGivenCertificate(lab))
}

async function testMinimal(lab: StackLab): Promise<void> {
  await lab.up(profiles.minimal, 'prometheus pushgateway kopia-metrics-agent')
  await waitForTargets(lab, ['kopia'])
  await waitForAgentPush(lab)
  await openRunbook(lab, 'http://127.0.0.1:9090')
  await lab.down()
}

async function testAuthentication(lab: StackLab): Promise<void> {
  await lab.up(profiles.authentication)
  const endpoint = { flags: loginFlag, url: defaultEndpoint.url }
  await waitForTargets(lab, ['kopia', 'node', 'prometheus'], endpoint)
  await waitForAgentPush(lab, endpoint)
  const status = (flags: string) =>
    lab.must(
      `curl --silent --output /dev/null --write-out '%{http_code}' ${flags} ${defaultEndpoint.url}/api/v1/query?query=up`,
    )
  assert.equal(await status(''), '401')
  assert.equal(await status("--user 'ops:wrong'"), '401')
  assert.equal(await status(loginFlag), '200')
  const gateway = await lab.run('podman exec kopia-prometheus wget -O - http://pushgateway:9091/metrics 2>&1')
  assert.match(gateway.output, /401/)
  const grafana = await ask(lab, '/api/health', { flags: '', url: 'http://localhost:3000' })
  assert.equal(grafana.dataSource.status, 200)
  assert.match(
    await lab.must('podman exec kopia-prometheus cat /etc/prometheus/web.yml'),
    /ops: \$2[aby]\$10\$/,
  )
  assert.ok(!(await lab.must('docker compose logs setup')).includes('pa$$'))
  await openRunbook(lab, 'http://127.0.0.1:9090', endpoint)
  await lab.down()
}

/** Another project has a network of the same name, so a further file gives this one another, and adds the store. */
const override = `services:
  store:
    image: docker.io/prom/prometheus:v3.5.0
    networks: [monitoring]
    command: [--config.file=/dev/null, --storage.tsdb.path=/prometheus, --web.enable-remote-write-receiver]
networks:
  monitoring:
    name: kopia-monitoring
`

async function testExternalServices(lab: StackLab): Promise<void> {
  await lab.must('podman network create monitoring')
  const taken = await lab.run('docker compose up -d')
  assert.equal(taken.exitCode, 1)
  assert.match(taken.output, /^network monitoring was found but has incorrect label/m)
  const path = join(lab.deploy, 'compose.override.yaml')
  await writeFile(path, override)
  await lab.up(profiles['external services'])
  await waitForTargets(lab, ['kopia', 'node', 'prometheus'])
  const allowed = (origin: string) =>
    lab.must(
      `curl --silent --head --header 'Origin: ${origin}' -X GET ${defaultEndpoint.url}/api/v1/query?query=up`,
    )
  assert.match(
    await allowed('https://grafana.example.com'),
    /access-control-allow-origin: https:\/\/grafana.example.com/i,
  )
  assert.doesNotMatch(await allowed('https://elsewhere.example'), /access-control-allow-origin/i)
  await waitFor('the store has the series, with the site', async () => {
    const found = await lab.must(
      `docker compose exec store wget -q -O - 'http://127.0.0.1:9090/api/v1/query?query=up{site="berlin",job="kopia"}'`,
    )
    return JSON.parse(found).data.result.length === 1 || undefined
  })
  await lab.down()
  await rm(path)
  await lab.must('podman network rm monitoring')
}

async function testGeneratedCertificate(lab: StackLab): Promise<void> {
  const page = await readFile(join(lab.deploy, 'README.md'), 'utf8')
  const published = /^services:\n {2}pushgateway:\n.*192\.0\.2\.7.*\n/m.exec(page)?.[0]
  assert.ok(published !== undefined)
  const override = join(lab.deploy, 'compose.override.yaml')
  await writeFile(override, published)
  await lab.must('ip address add 192.0.2.7/32 dev lo')
  await lab.up(profiles['generated certificate'])
  await lab.must('docker compose cp prometheus:/etc/prometheus/ca.pem .')
  await testPublishedGateway(lab)
  const resolve =
    '--resolve monitoring.example.com:9090:127.0.0.1 --resolve monitoring.example.com:3000:127.0.0.1'
  const endpoint = {
    flags: `--cacert ca.pem ${resolve} ${loginFlag}`,
    url: 'https://monitoring.example.com:9090',
  }
  await waitForTargets(lab, ['kopia', 'node', 'prometheus'], endpoint)
  await waitForAgentPush(lab, endpoint)
  await openRunbook(lab, 'https://127.0.0.1:9090', endpoint)
  const grafana = await ask(lab, '/api/health', { ...endpoint, url: 'https://monitoring.example.com:3000' })
  assert.equal(grafana.dataSource.status, 200)
  await lab.down()
  await rm(override)
}

/** The gateway as an agent on another machine reaches it, by what README.md says under "Other machines". */
async function testPublishedGateway(lab: StackLab): Promise<void> {
  await lab.must('docker compose cp prometheus:/etc/prometheus/gateway-ca.pem .')
  const status = (flags: string) =>
    lab.must(
      `curl --silent --output /dev/null --write-out '%{http_code}' --cacert gateway-ca.pem ${flags} https://192.0.2.7:9091/metrics`,
    )
  assert.equal(await status(''), '401')
  assert.equal(await status(loginFlag), '200')
}

async function testGivenCertificate(lab: StackLab): Promise<void> {
  const folder = join(lab.deploy, 'tls')
  const authority = makeAuthority(lab.deploy, 'authority')
  const given = makeNamedCertificate(lab.deploy, 'given', 'DNS:monitoring.example.com', authority)
  await lab.must(
    `cp ${given.certificate} ${folder}/cert.pem && cp ${given.key} ${folder}/key.pem && cp ${authority.certificate} ${folder}/ca.pem`,
  )
  await lab.up(profiles['given certificate'])
  const resolve =
    '--resolve monitoring.example.com:9090:127.0.0.1 --resolve monitoring.example.com:3000:127.0.0.1'
  const endpoint = {
    flags: `--cacert ${authority.certificate} ${resolve}`,
    url: 'https://monitoring.example.com:9090',
  }
  await waitForTargets(lab, ['kopia', 'node', 'prometheus'], endpoint)
  // Under this name, because the certificate is for no other.
  await openRunbook(lab, endpoint.url, endpoint)
  const grafana = await ask(lab, '/api/health', { ...endpoint, url: 'https://monitoring.example.com:3000' })
  assert.equal(grafana.dataSource.status, 200)
  await lab.down()
}
