// The .rpm, installed by rpm with its scripts on a machine with a real systemd: first installation, upgrades, removal, and again.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { firstLedgerOf } from '../support/first-release.ts'
import { temporaryFolder } from '../support/folder.ts'
import { bootMachine, type Machine, machineImage } from '../support/machine.ts'
import {
  asRoot,
  counted,
  makePackages,
  makeRepository,
  type Packages,
  password,
  property,
  unit,
} from '../support/packaged.ts'
import { makeLibrariesRpm, makeOldRpm, rpmOf } from '../support/rpm.ts'
import { bundledVersionLine, packageVersion } from '../support/version-line.ts'
import { waitFor } from '../support/wait.ts'

const state = '/var/lib/kopia-metrics-agent'
const lib = '/usr/lib/kopia-metrics-agent'
const config = '/etc/kopia-metrics-agent/config.yaml'

/** Without the flag, Debian's rpm advises against itself. */
const rpm = (machine: Machine, ...parameters: readonly string[]) =>
  machine.must('rpm', '--force-debian', ...parameters)

/** The permissions, owners and names of what is installed, one a line, except folders that other packages have, too. */
function own(lines: string): readonly string[] {
  return lines
    .trim()
    .split('\n')
    .filter((line) => !line.startsWith('d') || line.includes('kopia-metrics-agent'))
    .sort()
}

async function copyIn(context: TestContext, machine: Machine, packages: Packages): Promise<void> {
  const folder = await temporaryFolder(context)
  machine.copyIn(packages.first, '/root/first.deb')
  machine.copyIn(await rpmOf(packages.first), '/root/first.rpm')
  machine.copyIn(await rpmOf(packages.next), '/root/next.rpm')
  machine.copyIn(await makeOldRpm(folder), '/root/old.rpm')
  machine.copyIn(await makeLibrariesRpm(folder), '/root/libraries.rpm')
}

/** The agent of 0.1.0 left this ledger. */
async function giveFirstLedger(machine: Machine): Promise<void> {
  const { uniqueIDHex }: { uniqueIDHex: string } = JSON.parse(
    await asRoot(machine, 'kopia repository status --json'),
  )
  const ledger = (await firstLedgerOf(uniqueIDHex))
    .replaceAll('alex@pi:', 'root@machine:')
    .replaceAll('"user":"alex","host":"pi"', '"user":"root","host":"machine"')
  await machine.write(`${state}/ledger.json`, ledger)
}

async function testOn(context: TestContext, image: string, packages: Packages): Promise<void> {
  const machine = await bootMachine(context, image)
  const backUp = () => asRoot(machine, 'kopia snapshot create /data/photos')
  const processId = () => property(machine, 'MainPID')
  await makeRepository(machine)
  await copyIn(context, machine, packages)

  await context.test('it installs the same files as the .deb, with the same owner and modes', async () => {
    const format = '[%{FILEMODES:perms} %{FILEUSERNAME}/%{FILEGROUPNAME} %{FILENAMES}\\n]'
    const ofRpm = own(await rpm(machine, '-qp', `--queryformat=${format}`, '/root/first.rpm'))
    const ofDeb = own(
      await machine.shell(
        "dpkg-deb --contents /root/first.deb | sed -E 's|^(\\S+) (\\S+) +\\S+ \\S+ \\S+ \\./|\\1 \\2 /|; s|/$||'",
      ),
    )
    assert.deepEqual(
      ofRpm.filter((line) => !ofDeb.includes(line)),
      [],
    )
    assert.deepEqual(
      ofDeb.filter((line) => !ofRpm.includes(line)),
      [],
    )
    assert.ok(ofRpm.includes(`-rwxr-xr-x root/root ${lib}/hooks/before-snapshot-root.sh`), ofRpm.join('\n'))
    assert.ok(ofRpm.includes(`-rw-r--r-- root/root ${config}`))
  })

  await context.test('its digests are right, and only the settings are a configuration', async () => {
    assert.equal(await machine.must('rpm', '-K', '/root/first.rpm'), '/root/first.rpm: digests OK\n')
    assert.equal(await rpm(machine, '-qp', '--configfiles', '/root/first.rpm'), `${config}\n`)
    const scripts = await rpm(machine, '-qp', '--scripts', '/root/first.rpm')
    const kinds = [...scripts.matchAll(/^(\w+) scriptlet \(using (.*)\):$/gm)].map((match) => match.slice(1))
    assert.deepEqual(kinds, [
      ['postinstall', '/bin/sh'],
      ['preuninstall', '/bin/sh'],
      ['postuninstall', '/bin/sh'],
    ])
  })

  await context.test('rpm refuses it on a machine without the libraries of Node', async () => {
    const { exitCode, output } = await machine.run('rpm', '--force-debian', '--install', '/root/first.rpm')
    assert.notEqual(exitCode, 0)
    const missing = [...output.matchAll(/^\t(\S+) is needed by kopia-metrics-agent-/gm)].map(
      ([, name]) => name,
    )
    assert.deepEqual(missing.sort(), [
      '/bin/sh',
      'libc.so.6(GLIBC_2.28)(64bit)',
      'libgcc_s.so.1()(64bit)',
      'libstdc++.so.6(GLIBCXX_3.4.21)(64bit)',
    ])
    assert.notEqual((await machine.run('test', '-e', lib)).exitCode, 0)
    await rpm(machine, '--install', '/root/libraries.rpm')
  })

  await context.test('installing it starts nothing', async () => {
    assert.match(await rpm(machine, '--install', '/root/old.rpm'), /is not started yet/)
    assert.equal(await property(machine, 'ActiveState'), 'inactive')
    assert.equal(await property(machine, 'UnitFileState'), 'disabled')
    assert.match(await machine.must('kopia-metrics-agent', '--version'), bundledVersionLine())
    assert.equal(await rpm(machine, '--verify', 'kopia-metrics-agent'), '')
  })

  await context.test(
    'the service goes on with the ledger of 0.1.0, and check finds nothing wrong',
    async () => {
      await machine.write(config, 'pushgateway_url: http://127.0.0.1:9091\n')
      await machine.write('/etc/credstore/kopia-metrics-agent.kopia-password', password)
      await giveFirstLedger(machine)
      await asRoot(machine, 'kopia-metrics-agent install-hooks /data/photos')
      await machine.must('systemctl', 'enable', '--now', unit)
      await backUp()
      await counted(machine, 3)
      const checked = await asRoot(machine, `KOPIA_METRICS_STATE_DIR=${state} kopia-metrics-agent check`)
      assert.match(checked, / 0 failures\n$/)
    },
  )

  await context.test('an upgrade keeps changed settings, and puts new defaults beside them', async () => {
    const before = await processId()
    await rpm(machine, '--upgrade', '/root/first.rpm')
    assert.match(await rpm(machine, '-q', 'kopia-metrics-agent'), new RegExp(`-${packageVersion}-1\\.`))
    assert.equal(await machine.must('cat', config), 'pushgateway_url: http://127.0.0.1:9091\n')
    assert.match(await machine.must('cat', `${config}.rpmnew`), /^# Settings of kopia-metrics-agent/)
    assert.notEqual(await processId(), before)
    assert.equal(await property(machine, 'ActiveState'), 'active')
    await backUp()
    await counted(machine, 4)
    await machine.must('rm', `${config}.rpmnew`)
  })

  await context.test(
    'an upgrade with the same defaults only restarts what runs, and the timer pushes without a daemon',
    async () => {
      const before = await processId()
      await rpm(machine, '--upgrade', '/root/next.rpm')
      assert.equal((await machine.must('ls', '/etc/kopia-metrics-agent')).trim(), 'config.yaml')
      assert.notEqual(await processId(), before)
      await machine.must('systemctl', 'stop', unit)
      await backUp()
      await machine.must('systemctl', 'start', 'kopia-metrics-agent-push.service')
      await counted(machine, 5)
      await rpm(machine, '--upgrade', '--oldpackage', '/root/first.rpm')
      assert.equal(await property(machine, 'ActiveState'), 'inactive')
      await rpm(machine, '--upgrade', '/root/next.rpm')
      await machine.must('systemctl', 'start', unit)
      await backUp()
      await counted(machine, 6)
    },
  )

  await context.test('removing it leaves its state, and hooks that fail no backup', async () => {
    await machine.write('/etc/kopia-metrics-agent/other.yaml', 'listen: ""\n')
    await machine.must(
      'systemctl',
      'enable',
      'kopia-metrics-agent@other.service',
      'kopia-metrics-agent-push.timer',
      'kopia-metrics-agent-report.timer',
      'kopia-metrics-agent-report@other.timer',
    )
    assert.match(await rpm(machine, '--erase', 'kopia-metrics-agent'), /hooks of kopia-metrics-agent remain/)
    assert.equal(await machine.shell("find /proc/[0-9]*/exe -lname '*/kopia-metrics-agent/*'"), '')
    assert.equal(await machine.shell("find /etc/systemd -name 'kopia-metrics-agent*'"), '')
    await machine.must('test', '-s', `${state}/ledger.json`)
    assert.equal((await machine.must('ls', lib)).trim(), 'hooks')
    assert.equal(
      (await machine.must('ls', '/etc/kopia-metrics-agent')).trim(),
      'config.yaml.rpmsave\nother.yaml',
    )
    await backUp()
    // The hooks left their events for the agent that comes back.
    const events = await machine.shell(`ls ${state}/spool | wc -l`)
    assert.equal(events.trim(), '2')
  })

  await context.test('installed again it counts what happened meanwhile', async () => {
    await rpm(machine, '--install', '/root/next.rpm')
    assert.equal(await property(machine, 'UnitFileState'), 'disabled')
    assert.equal(await rpm(machine, '--verify', 'kopia-metrics-agent'), '')
    await machine.must('mv', `${config}.rpmsave`, config)
    await machine.must('systemctl', 'enable', '--now', unit)
    await counted(machine, 7)
    await waitFor('the events are taken', async () =>
      (await machine.shell(`ls ${state}/spool`)) === '' ? true : undefined,
    )
  })
}

const { image, ...other } = machineImage('bookworm', 'rpm')

test('the .rpm on a real systemd', { skip: 'reason' in other ? other.reason : false }, async (context) =>
  testOn(context, image ?? '', await makePackages()),
)
