// `apt install ./….deb && kopia-metrics-agent setup --yes` on a bare Debian with a real systemd, beside a real Kopia and gateway.

import assert from 'node:assert/strict'
import { suite, type TestContext, test } from 'node:test'
import { bootMachine, type Machine, machineImage } from '../support/machine.ts'
import { asRoot, buildPackage, figuresOn, gateway, password, property, unit } from '../support/packaged.ts'
import { tool } from '../support/tools.ts'
import { waitFor } from '../support/wait.ts'

/** A machine with a gateway and a Kopia that is connected to nothing. */
async function boot(context: TestContext, image: string, deb: string): Promise<Machine> {
  const machine = await bootMachine(context, image)
  machine.copyIn(tool('kopia'), '/usr/local/bin/kopia')
  machine.copyIn(tool('pushgateway'), '/usr/local/bin/pushgateway')
  machine.copyIn(deb, '/root/agent.deb')
  await machine.shell(
    'systemd-run --unit=pushgateway pushgateway --web.listen-address=127.0.0.1:9091 --persistence.file=',
  )
  await machine.write('/data/photos/one', 'worth keeping')
  return machine
}

const install = 'apt-get install --yes --no-install-recommends /root/agent.deb'

/** A path and the hash of everything that setup could change. */
const fingerprint =
  'find /etc /var/log/kopia /home/*/.config /usr/lib/systemd -type f -print0 2>/dev/null | sort -z | xargs -0 sha256sum'

/** Every line of check is fine: no failure, and no warning. */
function assertGreen(output: string): void {
  assert.match(output, /\n\d+ ok, 0 warnings, 0 failures\n/, output)
}

async function oneRepository(context: TestContext, image: string, deb: string): Promise<void> {
  const machine = await boot(context, image, deb)
  await asRoot(machine, 'kopia repository create filesystem --path=/srv/repository')
  await asRoot(machine, 'kopia snapshot create /data/photos')
  const begin = Date.now()
  const output = await machine.shell(`export HOME=/root; ${install} && kopia-metrics-agent setup --yes`)
  context.diagnostic(`apt install and setup --yes took ${((Date.now() - begin) / 1000).toFixed(1)} s`)
  assertGreen(output)
  assert.match(output, /is not started yet.*\s+kopia-metrics-agent setup\s/)
  assert.equal(await property(machine, 'ActiveState'), 'active')
  assert.equal(await property(machine, 'UnitFileState'), 'enabled')
  assert.equal((await figuresOn(machine, '/data/photos')).status, 1)
  const settings = await machine.must('cat', '/etc/kopia-metrics-agent/config.yaml')
  assert.match(settings, /^# Settings of kopia-metrics-agent/)
  assert.match(settings, /^pushgateway_url: http:\/\/127\.0\.0\.1:9091$/m)

  const before = [await machine.shell(fingerprint), await property(machine, 'MainPID')]
  for (const mode of ['--yes', '--dry-run']) {
    const again = await machine.shell(`HOME=/root kopia-metrics-agent setup ${mode}`)
    assert.match(again, /Nothing has to be changed/)
    if (mode === '--yes') assertGreen(again)
    assert.deepEqual([await machine.shell(fingerprint), await property(machine, 'MainPID')], before)
  }
}

async function nothingToSetUp(context: TestContext, image: string, deb: string): Promise<void> {
  const machine = await boot(context, image, deb)
  await machine.shell(install)
  const before = await machine.shell(fingerprint)
  const setup = (flags: string) => machine.run('sh', '-c', `HOME=/root kopia-metrics-agent setup ${flags}`)
  const unconnected = await setup('--yes')
  assert.equal(unconnected.exitCode, 1)
  assert.match(unconnected.output, /Kopia of any user of this machine is connected to no repository/)

  await asRoot(machine, 'kopia repository create filesystem --path=/srv/repository --no-persist-credentials')
  const closed = await setup('--yes')
  assert.equal(closed.exitCode, 1)
  assert.match(closed.output, /give --kopia-password-file=FILE/)
  await machine.write('/root/wrong', 'not this one')
  const wrong = await setup('--yes --kopia-password-file=/root/wrong')
  assert.match(wrong.output, /the password that was given does not open this repository/)
  const away = await setup('--yes --pushgateway-url=http://127.0.0.1:9')
  assert.match(away.output, /http:\/\/127\.0\.0\.1:9 does not answer: .*ECONNREFUSED/)
  assert.deepEqual([wrong.exitCode, away.exitCode], [1, 1])
  await machine.write('/root/password', password)
  const dry = await setup('--dry-run --kopia-password-file=/root/password')
  assert.equal(dry.exitCode, 0, dry.output)
  assert.match(dry.output, /write \/etc\/credstore\/kopia-metrics-agent\.kopia-password \(mode 600\)/)
  assert.ok(!dry.output.includes(password), dry.output)
  assert.equal(await machine.shell(fingerprint), before)

  const done = await setup('--yes --unit=timer --kopia-password-file=/root/password')
  assert.equal(done.exitCode, 0, done.output)
  assert.equal(await property(machine, 'ActiveState', 'kopia-metrics-agent-push.timer'), 'active')
  assert.equal(await property(machine, 'ActiveState'), 'inactive')
  assert.equal(
    await machine.shell('stat -c "%a %U" /etc/credstore/kopia-metrics-agent.kopia-password'),
    '600 root\n',
  )
}

async function twoRepositories(context: TestContext, image: string, deb: string): Promise<void> {
  const machine = await boot(context, image, deb)
  await machine.write('/data/mail/one', 'worth keeping, too')
  const photos = 'KOPIA_CONFIG_PATH=/root/.config/kopia/photos.config'
  await asRoot(machine, 'kopia repository create filesystem --path=/srv/mail')
  await asRoot(
    machine,
    `${photos} kopia repository create filesystem --path=/srv/photos --no-persist-credentials`,
  )
  await asRoot(machine, 'kopia snapshot create /data/mail')
  await machine.write('/root/password', password)
  const { exitCode, output } = await machine.run(
    'sh',
    '-c',
    `export HOME=/root; ${install} && kopia-metrics-agent setup --yes --kopia-password-file=/root/password`,
  )
  // The new log directory has no log of the backup from before: until the person has changed the scripts, backups are unseen.
  assert.equal(exitCode, 1, output)
  assert.match(output, /Not all is well yet: do what remains for you, make a backup, and run setup again/)
  for (const name of ['repository', 'photos']) {
    assert.equal(await property(machine, 'ActiveState', `kopia-metrics-agent@${name}.service`), 'active')
    assert.match(output, new RegExp(`export KOPIA_CONFIG_PATH=\\S+ KOPIA_LOG_DIR=/var/log/kopia/${name}\n`))
    const settings = await machine.must('cat', `/etc/kopia-metrics-agent/${name}.yaml`)
    assert.match(settings, new RegExp(`^kopia_log_dir: /var/log/kopia/${name}$`, 'm'))
  }
  assert.equal(
    (await machine.run('test', '-e', '/etc/credstore/kopia-metrics-agent.repository.kopia-password'))
      .exitCode,
    1,
  )

  // The person does what setup said, and backs up.
  await asRoot(machine, 'export KOPIA_LOG_DIR=/var/log/kopia/repository; kopia snapshot create /data/mail')
  await asRoot(
    machine,
    `export ${photos} KOPIA_LOG_DIR=/var/log/kopia/photos; kopia snapshot create /data/photos`,
  )
  const groups = await waitFor('both backups are on the gateway, each in its group', async () => {
    const good = ((await machine.scrape(gateway)).get('kopia_backup_status') ?? []).filter(
      ({ value }) => value === 1,
    )
    return good.length === 2 ? good.map(({ labels }) => `${labels.agent} ${labels.path}`).sort() : undefined
  })
  assert.deepEqual(groups, ['photos /data/photos', 'repository /data/mail'])
  const before = await machine.shell(fingerprint)
  const again = await machine.shell('HOME=/root kopia-metrics-agent setup --yes')
  assert.match(again, /Nothing has to be changed/)
  assert.equal(again.match(/\d+ ok, 0 warnings, 0 failures/g)?.length, 2, again)
  assert.equal(await machine.shell(fingerprint), before)
}

/** Alice has a Kopia of her own; resolves with what runs a line as her. */
async function addAlice(machine: Machine): Promise<(line: string) => ReturnType<Machine['run']>> {
  await machine.shell('useradd --create-home alice')
  const asAlice = (line: string) =>
    machine.run('su', '--login', 'alice', '-c', `export KOPIA_PASSWORD='${password}'; ${line}`)
  const created = await asAlice(
    'mkdir data && echo one >data/one && kopia repository create filesystem --path="$HOME/repository" && kopia snapshot create ~/data',
  )
  assert.equal(created.exitCode, 0, created.output)
  return asAlice
}

async function anotherUsersKopia(context: TestContext, image: string, deb: string): Promise<void> {
  const machine = await boot(context, image, deb)
  const asAlice = await addAlice(machine)
  const output = await machine.shell(`export HOME=/root; ${install} && kopia-metrics-agent setup --yes`)
  assertGreen(output)
  const dropIn = await machine.must('cat', `/etc/systemd/system/${unit}.d/user.conf`)
  assert.equal(dropIn, '[Service]\nUser=alice\nReadWritePaths=-/home/alice/.cache\n')
  assert.equal(await property(machine, 'ActiveState'), 'active')
  assert.equal((await figuresOn(machine, '/home/alice/data')).status, 1)
  assert.equal(await machine.shell('find /home/alice ! -user alice'), '')
  assert.equal((await asAlice('kopia snapshot create ~/data')).exitCode, 0)
  const again = await machine.shell('HOME=/root kopia-metrics-agent setup --yes')
  assert.match(again, /Nothing has to be changed/)
  assertGreen(again)
}

async function ownKopia(context: TestContext, image: string, deb: string): Promise<void> {
  const machine = await boot(context, image, deb)
  const asAlice = await addAlice(machine)
  await machine.shell(install)
  await machine.shell('loginctl enable-linger alice')
  await waitFor("alice's systemd runs", async () =>
    (await machine.run('test', '-S', '/run/user/1000/systemd/private')).exitCode === 0 ? true : undefined,
  )
  // The unit can't be started: setup says so, and goes on from there when it is run again.
  const systemctl = 'XDG_RUNTIME_DIR=/run/user/1000 systemctl --user'
  assert.equal((await asAlice(`${systemctl} mask kopia-metrics-agent`)).exitCode, 0)
  const broken = await asAlice('kopia-metrics-agent setup --yes')
  assert.equal(broken.exitCode, 1)
  assert.match(broken.output, /failed: enable and start kopia-metrics-agent\.service.*masked/)
  assert.match(broken.output, /Done:\n- write \/home\/alice\/\.config\/kopia-metrics-agent\/environment\n/)
  assert.equal((await asAlice(`${systemctl} unmask kopia-metrics-agent`)).exitCode, 0)

  const output = await asAlice('kopia-metrics-agent setup --yes')
  assert.equal(output.exitCode, 0, output.output)
  assertGreen(output.output)
  assert.match((await asAlice(`${systemctl} is-enabled kopia-metrics-agent`)).output, /^enabled$/m)
  assert.equal((await figuresOn(machine, '/home/alice/data')).status, 1)
  const again = await asAlice('kopia-metrics-agent setup --yes')
  assert.match(again.output, /Nothing has to be changed/)

  const second = await asAlice(
    'kopia --config-file ~/.config/kopia/mail.config repository create filesystem --path ~/mail && kopia-metrics-agent setup --yes',
  )
  assert.equal(second.exitCode, 0, second.output)
  assert.match(second.output, /KOPIA_LOG_DIR=\/home\/alice\/\.cache\/kopia-logs\/mail\n/)
  assert.match((await asAlice(`${systemctl} is-active kopia-metrics-agent@mail`)).output, /^active$/m)
}

const machines = ['bookworm', 'trixie'].map((name) => ({ name, ...machineImage(name) }))
const scenarios = { oneRepository, nothingToSetUp, twoRepositories, anotherUsersKopia, ownKopia }

// The machines mostly wait.
suite('setup on a real systemd', { concurrency: 2 }, () => {
  const deb = buildPackage(1)
  for (const { name, image, ...other } of machines) {
    const skip = 'reason' in other ? other.reason : false
    for (const [what, run] of Object.entries(scenarios)) {
      test(`Debian ${name}: ${what}`, { skip }, async (context) => run(context, image ?? '', await deb))
    }
  }
})
