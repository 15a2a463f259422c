// The .deb for arm64 on a Debian for arm64, with a Kopia for arm64, under emulation: installing, check, push, the unit's command,
// hooks, a killed backup, removing and purging.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { arm64Root, openRoom, type Room, startGateway } from '../support/arm64/room.ts'
import { startUnit } from '../support/arm64/unit.ts'
import { asRoot, buildPackage, counted, figuresOn, gateway, password } from '../support/packaged.ts'
import { tool } from '../support/tools.ts'
import { waitFor } from '../support/wait.ts'

const lib = '/usr/lib/kopia-metrics-agent'
const unit = '/usr/lib/systemd/system/kopia-metrics-agent.service'

/** The parameters of the processes whose command line has this text, by pid. */
const pidOf = 'for p in /proc/[0-9]*; do tr "\\0" " " <"$p/cmdline" | grep -q -- "$1" && basename "$p"; done'

/** Finds the only process in the room whose command line matches. grep does not find itself: it has another pid each time. */
async function processIn(room: Room, pattern: string): Promise<string> {
  const [...pids] = (await room.must('sh', '-c', `${pidOf}; true`, 'sh', pattern)).trim().split('\n')
  assert.equal(pids.length, 1, `${pattern}: ${pids.join(' ')}`)
  return pids[0] ?? ''
}

async function prepare(room: Room): Promise<void> {
  room.copyIn(tool('kopia-arm64'), '/usr/local/bin/kopia')
  await startGateway(room, gateway)
  await room.write('/data/photos/one', 'worth keeping')
  await asRoot(
    room,
    'kopia repository create filesystem --path=/srv/repository --enable-actions --no-persist-credentials',
  )
}

async function installIt(context: TestContext, room: Room, deb: string): Promise<void> {
  await context.test('dpkg installs it, and its Node is for arm64', async () => {
    assert.equal((await room.must('dpkg', '--print-architecture')).trim(), 'arm64')
    room.copyIn(deb, '/root/agent.deb')
    assert.match(await room.must('dpkg', '--install', '/root/agent.deb'), /is not started yet/)
    assert.match(
      await room.must('kopia-metrics-agent', '--version'),
      /^kopia-metrics-agent \d+\.\d+\.\d+ .*, linux arm64\)\n$/,
    )
    assert.equal((await room.must(`${lib}/node`, '-p', 'process.arch')).trim(), 'arm64')
    await room.write('/etc/kopia-metrics-agent/config.yaml', `pushgateway_url: ${new URL(gateway).origin}\n`)
  })
}

async function useIt(context: TestContext, room: Room): Promise<void> {
  await context.test(
    'check finds a real Kopia and gateway, and a push brings a real backup there',
    async () => {
      // What happened before the first start is known and not counted.
      await asRoot(room, 'kopia-metrics-agent push')
      await asRoot(room, 'kopia snapshot create /data/photos')
      await asRoot(room, 'kopia-metrics-agent push')
      await counted(room, 1)
      const { status, sizeBytes } = await figuresOn(room, '/data/photos')
      assert.deepEqual({ status, sizeBytes }, { status: 1, sizeBytes: 'worth keeping'.length })
      // The one warning: no agent runs yet.
      const found = await asRoot(room, 'kopia-metrics-agent check || true')
      assert.match(found, /^\d+ ok, 1 warning, 0 failures$/m)
    },
  )
}

async function runUnit(context: TestContext, room: Room): Promise<void> {
  await context.test("the command of the installed unit runs, with the unit's credential", async () => {
    await startUnit(room, unit, { 'kopia-metrics-agent.kopia-password': password })
    await waitFor('the agent is ready', async () =>
      (await room.scrape('http://127.0.0.1:9192/-/ready').catch(() => undefined)) === undefined
        ? undefined
        : true,
    )
    await waitFor('the repository is reachable', async () =>
      (await room.scrape(gateway)).get('kopia_agent_repository_reachable')?.[0]?.value === 1
        ? true
        : undefined,
    )
  })

  await context.test('a backup is seen by the installed hooks without a log, and by its log', async () => {
    await asRoot(room, 'kopia-metrics-agent install-hooks /data/photos')
    const policy = await asRoot(room, 'kopia policy show --json /data/photos')
    assert.ok(policy.includes(`${lib}/hooks/after-snapshot-root.sh`), policy)
    await asRoot(room, 'kopia --disable-file-logging snapshot create /data/photos')
    await counted(room, 2)
    await asRoot(room, 'kopia snapshot create /data/photos')
    await counted(room, 3)
    assert.equal((await figuresOn(room, '/data/photos')).status, 1)
  })

  await context.test(
    'a killed backup has failed, though its process has the name of the emulator',
    async () => {
      await room.shell('mkdir /data/long && truncate --size=64G /data/long/zeros')
      await asRoot(room, 'kopia policy set --compression=none /data/long')
      const figures = () => figuresOn(room, '/data/long')
      const backup = room.start('backup', ['kopia', 'snapshot', 'create', '/data/long'], {
        HOME: '/root',
        KOPIA_PASSWORD: password,
        KOPIA_CHECK_FOR_UPDATES: 'false',
      })
      await waitFor('the backup runs', async () => (await figures()).runningSince)
      await waitFor('its process is seen', async () =>
        (await room.scrape(gateway)).get('kopia_agent_processes_visible')?.[0]?.value === 1
          ? true
          : undefined,
      )
      await room.shell(`kill -KILL ${await processIn(room, 'snapshot create /data/lon[g]')}`)
      await backup.ended
      await waitFor('the backup has failed', async () => ((await figures()).status === 0 ? true : undefined))
      assert.deepEqual((await figures()).attempts, { success: 0, failed: 1, incomplete: 0 })
    },
  )
}

async function removeIt(context: TestContext, room: Room): Promise<void> {
  await context.test('it is removed, which keeps the hooks and the state, and purged', async () => {
    await room.shell(`kill -TERM ${await processIn(room, 'main.js ru[n]')}`)
    await waitFor('the agent has stopped', async () =>
      (await room.run('sh', '-c', `${pidOf}; true`, 'sh', 'main.js ru[n]')).output === '' ? true : undefined,
    )
    assert.match(
      await room.must('dpkg', '--remove', 'kopia-metrics-agent'),
      /remain until the package is purged/,
    )
    await room.shell(`test -x ${lib}/hooks/after-snapshot-root.sh && test ! -e ${lib}/node`)
    // The policy still names the hooks.
    await asRoot(room, 'kopia snapshot create /data/photos')
    await room.must('dpkg', '--purge', 'kopia-metrics-agent')
    await room.shell(`test ! -e ${lib} && test ! -e /var/lib/kopia-metrics-agent`)
    assert.equal((await room.run('dpkg', '--status', 'kopia-metrics-agent')).exitCode, 1)
  })
}

test('the .deb for arm64 works on a Debian for arm64', async (context) => {
  const found = arm64Root()
  if (found.root === undefined) {
    context.skip(found.reason)
    return
  }
  const deb = await buildPackage(1, 'arm64')
  const room = await openRoom(context, found.root)
  await prepare(room)
  await installIt(context, room, deb)
  await useIt(context, room)
  await runUnit(context, room)
  await removeIt(context, room)
})
