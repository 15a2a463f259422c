// Every profile of deploy/compose.yaml, one after the other in a room.

import assert from 'node:assert/strict'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { makeAuthority, makeNamedCertificate } from './certificates.ts'
import { allHealthy, ask, openDoor, seenFromAgent, targetsUp } from './stack-questions.ts'
import type { Room } from './stack-room.ts'
import { waitFor } from './wait.ts'

const login = {
  PROMETHEUS_BASIC_AUTH: 'true',
  PROMETHEUS_AUTH_USER: 'ops',
  PROMETHEUS_AUTH_PASSWORD: 'pa$$ w"rd',
}
const loginFlag = `--user 'ops:pa$$ w"rd'`

/** Each starts from nothing that runs, and leaves nothing. */
export async function profiles(context: TestContext, room: Room): Promise<void> {
  await context.test('minimal: the one job', async () => {
    await room.up({ STACK_PROFILE: 'minimal' }, 'prometheus pushgateway kopia-metrics-agent')
    await targetsUp(room, ['kopia'])
    await seenFromAgent(room)
    await room.down()
  })

  await context.test('with authentication: refused without, accepted with', async () => {
    await room.up(login)
    const door = { flags: loginFlag, url: openDoor.url }
    await targetsUp(room, ['kopia', 'node', 'prometheus'], door)
    await seenFromAgent(room, door)
    await allHealthy(room)
    const status = (flags: string) =>
      room.must(
        `curl --silent --output /dev/null --write-out '%{http_code}' ${flags} ${openDoor.url}/api/v1/query?query=up`,
      )
    assert.equal(await status(''), '401')
    assert.equal(await status("--user 'ops:wrong'"), '401')
    assert.equal(await status(loginFlag), '200')
    const gateway = await room.run(
      'podman exec kopia-prometheus wget -O - http://pushgateway:9091/metrics 2>&1',
    )
    assert.match(gateway.output, /401/)
    const grafana = await ask(room, '/api/health', { flags: '', url: 'http://localhost:3000' })
    assert.equal(grafana.dataSource.status, 200)
    assert.match(
      await room.must('podman exec kopia-prometheus cat /etc/prometheus/web.yml'),
      /ops: \$2[aby]\$10\$/,
    )
    assert.ok(!(await room.must('podman logs kopia-setup 2>&1')).includes('pa$$'))
    await room.down()
  })

  await context.test('for an external Grafana, and writing to a store elsewhere', async () => {
    await room.must(
      'podman network exists monitoring || podman network create monitoring; ' +
        'podman run --detach --name=store --network=monitoring docker.io/prom/prometheus:v3.5.0 ' +
        '--config.file=/dev/null --storage.tsdb.path=/prometheus --web.enable-remote-write-receiver',
    )
    await room.up({
      PROMETHEUS_CORS_ORIGIN: 'https://grafana\\.example\\.com',
      PROMETHEUS_REMOTE_WRITE_URL: 'http://store:9090/api/v1/write',
      PROMETHEUS_EXTERNAL_LABELS: 'site=berlin',
    })
    await targetsUp(room, ['kopia', 'node', 'prometheus'])
    const allowed = (origin: string) =>
      room.must(
        `curl --silent --head --header 'Origin: ${origin}' -X GET ${openDoor.url}/api/v1/query?query=up`,
      )
    assert.match(
      await allowed('https://grafana.example.com'),
      /access-control-allow-origin: https:\/\/grafana.example.com/i,
    )
    assert.doesNotMatch(await allowed('https://elsewhere.example'), /access-control-allow-origin/i)
    await waitFor('the store has it, with its site', async () => {
      const found = await room.must(
        `podman exec store wget -q -O - 'http://127.0.0.1:9090/api/v1/query?query=up{site="berlin",job="kopia"}'`,
      )
      return JSON.parse(found).data.result.length === 1 || undefined
    })
    await room.must('podman rm --force --time=0 store')
    await room.down()
  })

  await context.test('TLS with a certificate of its own, and authentication', async () => {
    await room.up({ ...login, TLS_ENABLED: 'true', TLS_HOSTS: 'monitoring.example.com' })
    await waitFor('the certificate is there', async () => {
      await room.must(
        'docker compose cp prometheus:/etc/prometheus/ca.pem ca.pem 2>/dev/null || podman cp kopia-prometheus:/etc/prometheus/ca.pem ca.pem',
      )
      return true
    })
    const resolve =
      '--resolve monitoring.example.com:9090:127.0.0.1 --resolve monitoring.example.com:3000:127.0.0.1'
    const door = {
      flags: `--cacert ca.pem ${resolve} ${loginFlag}`,
      url: 'https://monitoring.example.com:9090',
    }
    await targetsUp(room, ['kopia', 'node', 'prometheus'], door)
    await seenFromAgent(room, door)
    await allHealthy(room)
    const grafana = await ask(room, '/api/health', { ...door, url: 'https://monitoring.example.com:3000' })
    assert.equal(grafana.dataSource.status, 200)
    await room.down()
  })

  await context.test('TLS with a certificate that was given', async () => {
    const folder = join(room.deploy, 'tls')
    const authority = makeAuthority(room.deploy, 'authority')
    const given = makeNamedCertificate(room.deploy, 'given', 'DNS:monitoring.example.com', authority)
    await room.must(
      `cp ${given.certificate} ${folder}/cert.pem && cp ${given.key} ${folder}/key.pem && cp ${authority.certificate} ${folder}/ca.pem`,
    )
    await room.up({ TLS_ENABLED: 'true' })
    const resolve =
      '--resolve monitoring.example.com:9090:127.0.0.1 --resolve monitoring.example.com:3000:127.0.0.1'
    const door = {
      flags: `--cacert ${authority.certificate} ${resolve}`,
      url: 'https://monitoring.example.com:9090',
    }
    await targetsUp(room, ['kopia', 'node', 'prometheus'], door)
    await allHealthy(room)
    const grafana = await ask(room, '/api/health', { ...door, url: 'https://monitoring.example.com:3000' })
    assert.equal(grafana.dataSource.status, 200)
    await room.down()
  })
}
