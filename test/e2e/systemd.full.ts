// The .deb on a real Debian with a real systemd: installing, starting, killing, freezing, stopping, upgrading, purging.

import assert from 'node:assert/strict'
import { suite, type TestContext, test } from 'node:test'
import { bootMachine, machineImage } from '../support/machine.ts'
import {
  asRoot,
  counted,
  figuresOn,
  gateway,
  makePackages,
  makeRepository,
  type Packages,
  password,
  property,
  restarted,
  unit,
} from '../support/packaged.ts'
import { bundledVersionLine } from '../support/version-line.ts'
import { waitFor } from '../support/wait.ts'

const state = '/var/lib/kopia-metrics-agent'
const hooks = '/usr/lib/kopia-metrics-agent/hooks'

async function testOn(context: TestContext, image: string, packages: Packages): Promise<void> {
  const machine = await bootMachine(context, image)
  const backUp = () => asRoot(machine, 'kopia snapshot create /data/photos')
  await makeRepository(machine)

  await context.test('installing it starts nothing', async () => {
    machine.copyIn(packages.first, '/root/agent.deb')
    assert.match(await machine.must('dpkg', '--install', '/root/agent.deb'), /is not started yet/)
    assert.equal(await property(machine, 'ActiveState'), 'inactive')
    assert.equal(await property(machine, 'UnitFileState'), 'disabled')
    assert.match(await machine.must('kopia-metrics-agent', '--version'), bundledVersionLine())
  })

  await context.test(
    'the enabled service runs in its sandbox, with the password from a credential',
    async () => {
      await machine.write('/etc/kopia-metrics-agent/config.yaml', 'pushgateway_url: http://127.0.0.1:9091\n')
      await machine.write('/etc/credstore/kopia-metrics-agent.kopia-password', password)
      await machine.write(
        `/etc/systemd/system/${unit}.d/test.conf`,
        // A short watchdog keeps the test short. After 5 s systemd would kill the service and report that.
        '[Service]\nWatchdogSec=10\nRestartSec=1\nTimeoutStopSec=5\n',
      )
      await machine.shell(`systemctl daemon-reload && systemctl enable --now ${unit}`)
      await waitFor('the agent has read the old logs', async () =>
        (await property(machine, 'StatusText')).startsWith('Ready: 0 sources known') ? true : undefined,
      )
      assert.equal((await machine.shell(`stat -c %a ${state} ${state}/spool`)).trim(), '711\n700')
      const processId = await property(machine, 'MainPID')
      const status = await machine.must('cat', `/proc/${processId}/status`)
      assert.match(status, /^NoNewPrivs:\t1$/m)
      assert.match(status, /^Seccomp:\t2$/m)
      // CAP_DAC_READ_SEARCH is 2, CAP_SYS_PTRACE is 19: capabilities(7).
      assert.match(status, /^CapEff:\t0000000000080004$/m)
      await waitFor('the repository is reachable', async () =>
        (await machine.scrape(gateway)).get('kopia_agent_repository_reachable')?.[0]?.value === 1
          ? true
          : undefined,
      )
    },
  )

  await context.test('a backup with the hooks of the package is on the gateway', async () => {
    // The administrator has an essential action already.
    await asRoot(machine, 'kopia policy set --before-snapshot-root-action=/bin/true /data/photos')
    await asRoot(machine, 'kopia-metrics-agent install-hooks /data/photos')
    const policy = await asRoot(machine, 'kopia policy show --json /data/photos')
    assert.ok(policy.includes(`${hooks}/after-snapshot-root.sh`), policy)
    // Without a log, only the hooks show the backup.
    await asRoot(machine, 'kopia --disable-file-logging snapshot create /data/photos')
    await counted(machine, 1)
    assert.equal((await figuresOn(machine, '/data/photos')).status, 1)
    await backUp()
    await counted(machine, 2)
  })

  await context.test('the agent sees from its sandbox that a backup was killed', async () => {
    await machine.shell('mkdir /data/long && truncate --size=64G /data/long/zeros')
    await asRoot(machine, 'kopia policy set --compression=none /data/long')
    await machine.shell(
      `systemd-run --unit=long-backup --setenv=HOME=/root --setenv=KOPIA_PASSWORD='${password}' ` +
        'kopia snapshot create /data/long',
    )
    const figures = () => figuresOn(machine, '/data/long')
    await waitFor('the backup runs', async () => (await figures()).runningSince)
    await machine.must('systemctl', 'kill', '--signal=SIGKILL', 'long-backup')
    await waitFor('the backup has failed', async () => ((await figures()).status === 0 ? true : undefined))
    assert.deepEqual((await figures()).attempts, { success: 0, failed: 1, incomplete: 0 })
  })

  await context.test('a killed agent is restarted, and counts the backup that ended meanwhile', async () => {
    await restarted(machine, async () => {
      await machine.must('systemctl', 'kill', '--signal=SIGKILL', unit)
      await backUp()
    })
    await counted(machine, 3)
  })

  await context.test('a frozen agent is restarted by the watchdog', async () => {
    await restarted(machine, async () => {
      await machine.must('systemctl', 'kill', '--signal=SIGSTOP', unit)
      await backUp()
    })
    assert.match(await machine.must('journalctl', `--unit=${unit}`), /Watchdog timeout/)
    await counted(machine, 4)
  })

  await context.test(
    'an agent that is stuck while its timers still run is restarted by the watchdog',
    async () => {
      const timeouts = async () =>
        (await machine.must('journalctl', `--unit=${unit}`)).split('Watchdog timeout').length - 1
      const before = await timeouts()
      // Opening a pipe for writing blocks until somebody reads it. The ledger is first written under this name.
      await machine.must('mkfifo', `${state}/ledger.json.part`)
      await restarted(machine, async () => {
        await backUp()
        await waitFor('the watchdog fires', async () => ((await timeouts()) > before ? true : undefined))
        await machine.must('rm', `${state}/ledger.json.part`)
      })
      await counted(machine, 5)
    },
  )

  await context.test('the agent stops by itself within 5 s', async () => {
    await machine.must('systemctl', 'stop', unit)
    assert.deepEqual(
      [await property(machine, 'Result'), await property(machine, 'ActiveState')],
      ['success', 'inactive'],
    )
  })

  await context.test('the timer pushes once without a daemon, in the same sandbox', async () => {
    await backUp()
    // Kopia creates a missing cache, and the sandbox must allow it.
    await machine.shell('cd /root/.cache/kopia && mv cli-logs .. && rm -rf ./* && mv ../cli-logs .')
    await machine.must('systemctl', 'enable', '--now', 'kopia-metrics-agent-push.timer')
    await machine.must('systemctl', 'start', 'kopia-metrics-agent-push.service')
    await counted(machine, 6)
    const reachable = (await machine.scrape(gateway)).get('kopia_agent_repository_reachable')
    assert.deepEqual(
      reachable?.map(({ value }) => value),
      [1],
    )
    await machine.must('systemctl', 'disable', '--now', 'kopia-metrics-agent-push.timer')
  })

  await context.test('a second instance runs beside the first, in its own group', async () => {
    await machine.must('systemctl', 'start', unit)
    await machine.write('/etc/kopia-metrics-agent/other.yaml', 'pushgateway_url: http://127.0.0.1:9091\n')
    await machine.write('/etc/credstore/kopia-metrics-agent.other.kopia-password', password)
    await machine.must('systemctl', 'start', 'kopia-metrics-agent@other.service')
    const groups = await waitFor('both groups are on the gateway', async () => {
      const versions = (await machine.scrape(gateway)).get('kopia_agent_build_info')
      return versions?.length === 2 ? versions.map(({ labels }) => labels.agent) : undefined
    })
    assert.deepEqual(groups.sort(), ['other', undefined])
  })

  const asAlice = (line: string) =>
    machine.must('su', '--login', 'alice', '-c', `export XDG_RUNTIME_DIR=/run/user/1000; ${line}`)
  const processOfAlice = () => asAlice('systemctl --user show --value --property=MainPID kopia-metrics-agent')

  await context.test("a user's own agent sees the user's own Kopia", async () => {
    await machine.shell('useradd --create-home alice && loginctl enable-linger alice')
    await waitFor("alice's systemd runs", async () =>
      (await machine.run('test', '-S', '/run/user/1000/systemd/private')).exitCode === 0 ? true : undefined,
    )
    await asAlice(
      'mkdir -p .config/kopia-metrics-agent data && echo one >data/one && ' +
        "printf 'KOPIA_METRICS_LISTEN=\nKOPIA_METRICS_GROUPING=agent=alice\n' >.config/kopia-metrics-agent/environment",
    )
    await asAlice(`KOPIA_PASSWORD='${password}' kopia repository create filesystem --path="$HOME/repository"`)
    await asAlice('systemctl --user enable --now kopia-metrics-agent')
    await asAlice('kopia snapshot create ~/data')
    await waitFor('the backup is on the gateway', async () => {
      const status = (await machine.scrape(gateway)).get('kopia_backup_status')
      return status?.find(({ labels }) => labels.agent === 'alice')?.value === 1 ? true : undefined
    })
  })

  await context.test('an upgrade restarts the running services, and keeps ledger and settings', async () => {
    const before = await property(machine, 'MainPID')
    const beforeOfAlice = await processOfAlice()
    machine.copyIn(packages.next, '/root/agent-2.deb')
    await machine.must('dpkg', '--install', '/root/agent-2.deb')
    assert.notEqual(await property(machine, 'MainPID'), before)
    assert.doesNotMatch(await processOfAlice(), new RegExp(`^(0|${beforeOfAlice.trim()})$`, 'm'))
    await asAlice('systemctl --user disable --now kopia-metrics-agent')
    for (const name of [unit, 'kopia-metrics-agent@other.service']) {
      assert.equal(await property(machine, 'ActiveState', name), 'active')
    }
    assert.match(await machine.must('cat', '/etc/kopia-metrics-agent/config.yaml'), /^pushgateway_url/)
    await backUp()
    await counted(machine, 7)
  })

  await context.test('removing it leaves its state, and hooks that fail no backup', async () => {
    await asAlice('systemctl --user enable --now kopia-metrics-agent')
    await machine.must('dpkg', '--remove', 'kopia-metrics-agent')
    assert.equal(await machine.shell("find /proc/[0-9]*/exe -lname '*/kopia-metrics-agent/*'"), '')
    await machine.must('test', '-s', `${state}/ledger.json`, '-a', '-x', `${hooks}/before-snapshot-root.sh`)
    await backUp()
  })

  await context.test('purging it leaves nothing', async () => {
    await machine.must('dpkg', '--purge', 'kopia-metrics-agent')
    const left = await machine.shell(
      "find / -xdev -name '*kopia-metrics-agent*' -not -path '/proc/*' -not -path '/root/*' -not -path '/home/*'",
    )
    assert.deepEqual(
      left
        .trim()
        .split('\n')
        // This test wrote these files as an administrator.
        .filter((path) => !/^\/etc\/(credstore|systemd\/system\/kopia-metrics-agent.service.d)/.test(path)),
      ['/etc/kopia-metrics-agent'],
    )
    assert.equal((await machine.must('ls', '/etc/kopia-metrics-agent')).trim(), 'other.yaml')
  })
}

const machines = ['bookworm', 'trixie'].map((suite) => ({ suite, ...machineImage(suite) }))

// Both machines mostly wait for a watchdog.
suite('the .deb on a real systemd', { concurrency: 2 }, () => {
  const packages = makePackages()
  for (const { suite, image, ...other } of machines) {
    const skip = 'reason' in other ? other.reason : false
    test(`Debian ${suite}`, { skip }, async (context) => testOn(context, image ?? '', await packages))
  }
})
