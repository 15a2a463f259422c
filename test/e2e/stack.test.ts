// deploy/compose.yaml as it is, on podman: what is promised of each profile, seen from outside and from within.

import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { makeAuthority, makeNamedCertificate } from '../support/certificates.ts'
import { commandsOf } from '../support/runnable-page.ts'
import { openRoom, type Room } from '../support/stack-room.ts'
import { waitFor } from '../support/wait.ts'

const parts = ['prometheus', 'pushgateway', 'alertmanager', 'node-exporter', 'grafana', 'metrics-agent']
const login = {
  PROMETHEUS_BASIC_AUTH: 'true',
  PROMETHEUS_AUTH_USER: 'ops',
  PROMETHEUS_AUTH_PASSWORD: 'pa$$ w"rd',
}
const loginFlag = `--user 'ops:pa$$ w"rd'`

/** Flags of curl, and where Prometheus is. */
type Door = { readonly flags: string; readonly url: string }
const openDoor: Door = { flags: '', url: 'http://localhost:9090' }

async function ask(room: Room, path: string, { flags, url }: Door = openDoor) {
  return JSON.parse(await room.must(`curl --silent --show-error --fail ${flags} '${url}${path}'`))
}

type Result = { readonly metric: Record<string, string>; readonly value: [number, string] }

async function query(room: Room, expression: string, door?: Door): Promise<readonly Result[]> {
  return (await ask(room, `/api/v1/query?query=${encodeURIComponent(expression)}`, door)).data.result
}

/** Waits until Prometheus has scraped all of these jobs well. */
async function targetsUp(room: Room, jobs: readonly string[], door?: Door): Promise<void> {
  await waitFor(`${jobs.join(', ')} are up`, async () => {
    const targets: { labels: { job: string }; health: string }[] = (await ask(room, '/api/v1/targets', door))
      .data.activeTargets
    const found = targets.map(({ labels, health }) => `${labels.job} ${health}`).sort()
    return found.join() === jobs.map((job) => `${job} up`).join() || undefined
  })
}

/** Podman runs no health check by itself where no systemd is. */
async function allHealthy(room: Room, names = parts): Promise<void> {
  for (const name of names) {
    await waitFor(`kopia-${name} is healthy`, async () =>
      (await room.run(`podman healthcheck run kopia-${name}`)).exitCode === 0 ? true : undefined,
    )
  }
}

async function seenFromAgent(room: Room, door?: Door): Promise<void> {
  await waitFor("the agent's push is in Prometheus", async () =>
    (await query(room, 'time() - push_time_seconds{instance="kopia"} < 60', door)).length > 0
      ? true
      : undefined,
  )
}

async function standsByItself(context: TestContext, room: Room): Promise<void> {
  await room.up({})
  await context.test('every target is up, and every part healthy', async () => {
    await targetsUp(room, ['kopia', 'node', 'prometheus'])
    await allHealthy(room)
    assert.match(
      await room.must('podman logs kopia-setup 2>&1'),
      /warning: GRAFANA_ADMIN_PASSWORD is "admin"/,
    )
  })

  await context.test('Grafana finds its files, and has nobody in without an account', async () => {
    const found = await ask(room, '/api/health', { flags: '', url: 'http://localhost:3000' })
    assert.deepEqual(found.dataSource, { name: 'Prometheus', uid: 'kopia-prometheus', status: 200 })
    assert.deepEqual(found.dashboards, ['Backup Overview', 'System Resources'])
    assert.equal(found.environment.GF_AUTH_ANONYMOUS_ENABLED, 'false')
    assert.equal(found.environment.GF_USERS_ALLOW_SIGN_UP, 'false')
    assert.equal(found.environment.GF_USERS_AUTO_ASSIGN_ORG_ROLE, 'Viewer')
  })

  await context.test('nothing but the two pages is reached from outside', async () => {
    const listening = await room.must(
      `ss --no-header --listening --tcp --numeric | awk '{ print $4 }' | sort`,
    )
    assert.deepEqual(
      listening
        .trim()
        .split('\n')
        .filter((address) => !address.endsWith(':53')),
      ['127.0.0.1:3000', '127.0.0.1:9090'],
    )
    await room.must('podman network exists elsewhere || podman network create elsewhere')
    const elsewhere =
      'podman run --rm --network=elsewhere --entrypoint=/bin/wget docker.io/prom/pushgateway:v1.11.1'
    for (const address of ['kopia-exporter:9091', 'kopia-node-exporter:9100', 'kopia-alertmanager:9093']) {
      assert.notEqual((await room.run(`${elsewhere} -q -T 5 -O - http://${address}/`)).exitCode, 0)
      // From within it is there.
      await room.must(`podman exec kopia-prometheus wget -q -O - http://${address}/`)
    }
  })

  await context.test('it may do no more than it must', async () => {
    const containers: Container[] = JSON.parse(
      await room.must(`podman inspect --type=container ${parts.map((name) => `kopia-${name}`).join(' ')}`),
    )
    for (const { Name, Config, HostConfig } of containers) {
      assert.ok(!/^(0|root)?(:|$)/.test(Config.User), `${Name} runs as ${Config.User}`)
      assert.equal(HostConfig.ReadonlyRootfs, true, Name)
      assert.ok(HostConfig.CapAdd.length === 0 && HostConfig.CapDrop.length > 5, Name)
      assert.ok(HostConfig.SecurityOpt.includes('no-new-privileges'), Name)
      assert.equal(HostConfig.RestartPolicy.Name, 'unless-stopped', Name)
      assert.match(JSON.stringify(HostConfig.LogConfig), /10MB|10m/, Name)
    }
    const [prometheus] = containers
    assert.deepEqual([prometheus?.HostConfig.Memory, prometheus?.HostConfig.NanoCpus], [2 * 2 ** 30, 1e9])
  })

  await context.test('the queries on the system that people use give data', async () => {
    for (const expression of [
      'rate(node_cpu_seconds_total{mode="user"}[5m])',
      'node_memory_MemTotal_bytes - node_memory_MemAvailable_bytes',
      'node_filesystem_free_bytes',
      'rate(node_network_transmit_bytes_total[5m])',
    ]) {
      await waitFor(expression, async () => (await query(room, expression)).length > 0 || undefined)
    }
  })
}

type Container = {
  readonly Name: string
  readonly Config: { readonly User: string }
  readonly HostConfig: {
    readonly ReadonlyRootfs: boolean
    readonly CapAdd: readonly string[]
    readonly CapDrop: readonly string[]
    readonly SecurityOpt: readonly string[]
    readonly RestartPolicy: { readonly Name: string }
    readonly LogConfig: object
    readonly Memory: number
    readonly NanoCpus: number
  }
}

async function besideKopia(context: TestContext, room: Room): Promise<void> {
  const files = '-f compose.yaml -f sidecar.yaml'
  const sidecar = `docker compose ${files}`
  await context.test('a backup of the Kopia server beside it is in Prometheus', async () => {
    await mkdir(join(room.deploy, 'data'))
    await writeFile(join(room.deploy, 'data/one'), 'worth keeping')
    await room.up({ KOPIA_PASSWORD: 'correct horse', KOPIA_SERVER_PASSWORD: 'staple' }, '', files)
    await room.must(
      `${sidecar} exec -T kopia kopia repository create filesystem --path=/repository --enable-actions`,
    )
    await room.must(`${sidecar} exec -T kopia-metrics-agent kopia-metrics-agent install-hooks /data`)
    // Without a log, the hooks alone tell of it.
    for (const flag of ['', '--disable-file-logging']) {
      await room.must(`${sidecar} exec -T kopia kopia ${flag} snapshot create /data`)
    }
    const success =
      'kopia_backup_attempts_total{user="root", host="kopia", path="/data", status="success"} == 2'
    await waitFor(
      'both backups are in Prometheus',
      async () => (await query(room, success)).length === 1 || undefined,
    )
    const [status] = await query(room, 'kopia_backup_status{path="/data"}')
    assert.equal(status?.value[1], '1')
  })

  await context.test('a backup that is killed in its container is seen from the other', async () => {
    await room.must('truncate --size=64G data/zeros')
    await room.must(`${sidecar} exec -T kopia kopia policy set --compression=none /data`)
    const running = room.run(`${sidecar} exec -T kopia kopia snapshot create /data`)
    await waitFor('it is under way', async () =>
      (await query(room, 'kopia_backup_running_since_timestamp_seconds{path="/data"}')).length > 0
        ? true
        : undefined,
    )
    await room.must(
      `${sidecar} exec -T kopia sh -c 'kill -KILL $(cat /proc/[0-9]*/stat | sed -n "s/ (kopia).*//p" | sort -n | tail -n 1)'`,
    )
    await running
    await waitFor('it has failed', async () =>
      (await query(room, 'kopia_backup_status{path="/data"} == 0')).length > 0 ? true : undefined,
    )
    await room.must('rm data/zeros')
  })
  await room.must(`${sidecar} down --timeout 5 2>&1`)
}

async function keepsData(context: TestContext, room: Room): Promise<void> {
  await context.test('down and up again, Prometheus and the gateway have what they had', async () => {
    await room.up({})
    await targetsUp(room, ['kopia', 'node', 'prometheus'])
    await room.must(
      `podman exec kopia-pushgateway wget -q -O - --post-data "marker 7
" http://127.0.0.1:9091/metrics/job/marker`,
    )
    await waitFor(
      'the marker is in Prometheus',
      async () => (await query(room, 'marker')).length === 1 || undefined,
    )
    const [before] = await query(room, 'marker')
    await room.down()
    await room.up({})
    await targetsUp(room, ['kopia', 'node', 'prometheus'])
    const [then] = (await ask(room, `/api/v1/query?query=marker&time=${before?.value[0]}`)).data.result
    assert.equal(then?.value[1], '7')
    assert.match(
      await room.must('podman exec kopia-prometheus wget -q -O - http://pushgateway:9091/metrics'),
      /^marker\{.*7$/m,
    )
  })
}

async function troubleshooting(context: TestContext, room: Room): Promise<void> {
  for (const { heading, command } of await commandsOf(join(room.deploy, 'README.md'), 'Troubleshooting')) {
    await context.test(`${heading}: ${command.split('\n')[0]}`, async () => {
      await waitFor('what the page says', async () => {
        const { exitCode, output } = await room.run(command)
        if (exitCode !== 0) throw new Error(`${command}\nended with ${exitCode}: ${output}`)
        if (/\b(not found|no such)\b/i.test(output)) throw new Error(output)
        return true
      })
    })
  }
}

async function refuses(context: TestContext, room: Room): Promise<void> {
  await context.test('a value that makes no sense: one line, and nothing runs', async () => {
    await room.down()
    await room.up({ PROMETHEUS_RETENTION: '15', PROMETHEUS_BASIC_AUTH: 'yes' }).catch(() => undefined)
    const said = await room.must('podman logs kopia-setup 2>&1')
    assert.match(
      said,
      /^setup: PROMETHEUS_RETENTION: expected a duration such as 15d, 12h or 1y, found "15"$/m,
    )
    assert.match(said, /^setup: PROMETHEUS_BASIC_AUTH: expected one of true, false, found "yes"$/m)
    assert.notEqual((await room.must('podman wait kopia-setup')).trim(), '0')
    for (const address of ['localhost:9090', 'localhost:3000']) {
      assert.notEqual((await room.run(`curl --silent http://${address}/`)).exitCode, 0)
    }
    await room.must('podman rm --all --force --time=0')
  })
}

async function profiles(context: TestContext, room: Room): Promise<void> {
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

test('the stack on podman', async (context) => {
  const opened = await openRoom(context)
  if (opened.room === undefined) return context.skip(opened.reason)
  const { room } = opened
  await standsByItself(context, room)
  await troubleshooting(context, room)
  await room.down()
  await besideKopia(context, room)
  await keepsData(context, room)
  await refuses(context, room)
  await profiles(context, room)
})
