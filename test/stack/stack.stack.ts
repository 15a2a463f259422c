// The unchanged deploy/compose.yaml with Docker Compose on podman: what its page promises, seen from outside and from inside.

import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { commandsOf } from '../support/runnable-page.ts'
import { testConfiguration } from '../support/stack-config.ts'
import { testDefaults } from '../support/stack-defaults.ts'
import { testFailures } from '../support/stack-failures.ts'
import { createStackLab, type StackLab } from '../support/stack-lab.ts'
import { testProfiles } from '../support/stack-profiles.ts'
import { ask, query, services, waitForTargets } from '../support/stack-queries.ts'
import { waitFor } from '../support/wait.ts'

async function testSidecar(context: TestContext, room: StackLab): Promise<void> {
  const files = '-f compose.yaml -f sidecar.yaml'
  const sidecar = `docker compose ${files}`
  await context.test('a backup of the Kopia server next to the agent is in Prometheus', async () => {
    await mkdir(join(room.deploy, 'data'))
    await writeFile(join(room.deploy, 'data/one'), 'worth keeping')
    room.configure({ KOPIA_PASSWORD: 'correct horse', KOPIA_SERVER_PASSWORD: 'staple' })
    const commands = await commandsOf(join(room.deploy, 'README.md'), 'Beside a Kopia server')
    assert.equal(commands.length, 1)
    for (const { command } of commands) await room.must(`set -e\n${command}`)
    // Compose restarted the agent with Kopia, so both run.
    const running = await room.must(`${sidecar} ps --services --status running`)
    assert.deepEqual(running.trim().split('\n').sort(), [...services, 'kopia'].sort())
    // Without a log, only the hooks show the backup.
    for (const flag of ['', '--disable-file-logging']) {
      await room.must(`${sidecar} exec kopia kopia ${flag} snapshot create /data`)
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

  await context.test('the agent sees a backup that is killed in another container', async () => {
    await room.must('truncate --size=64G data/zeros')
    await room.must(`${sidecar} exec kopia kopia policy set --compression=none /data`)
    const running = room.run(`${sidecar} exec kopia kopia snapshot create /data`)
    await waitFor('the backup runs', async () =>
      (await query(room, 'kopia_backup_running_since_timestamp_seconds{path="/data"}')).length > 0
        ? true
        : undefined,
    )
    await room.must(
      `${sidecar} exec kopia sh -c 'kill -KILL $(cat /proc/[0-9]*/stat | sed -n "s/ (kopia).*//p" | sort -n | tail -n 1)'`,
    )
    await running
    await waitFor('the backup has failed', async () =>
      (await query(room, 'kopia_backup_status{path="/data"} == 0')).length > 0 ? true : undefined,
    )
    await room.must('rm data/zeros')
  })
  await room.must(`${sidecar} down --timeout 5 2>&1`)
}

async function testData(context: TestContext, room: StackLab): Promise<void> {
  await context.test('Prometheus and the gateway keep their data over down and up', async () => {
    await room.up({})
    await waitForTargets(room, ['kopia', 'node', 'prometheus'])
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
    await waitForTargets(room, ['kopia', 'node', 'prometheus'])
    const [then] = (await ask(room, `/api/v1/query?query=marker&time=${before?.value[0]}`)).data.result
    assert.equal(then?.value[1], '7')
    assert.match(
      await room.must('podman exec kopia-prometheus wget -q -O - http://pushgateway:9091/metrics'),
      /^marker\{.*7$/m,
    )
  })
}

async function troubleshooting(context: TestContext, room: StackLab): Promise<void> {
  for (const { heading, command } of await commandsOf(join(room.deploy, 'README.md'), 'Troubleshooting')) {
    await context.test(`${heading}: ${command.split('\n')[0]}`, async () => {
      assert.notEqual((await room.must(`set -e\n${command}`)).trim(), '')
    })
  }
}

test('the stack, by Docker Compose on podman', async (context) => {
  const opened = await createStackLab(context)
  if (opened.lab === undefined) return context.skip(opened.reason)
  const { lab: room } = opened
  await testConfiguration(context, room)
  await testDefaults(context, room)
  await troubleshooting(context, room)
  await room.down()
  await testSidecar(context, room)
  await testData(context, room)
  await testFailures(context, room)
  await testProfiles(context, room)
})
