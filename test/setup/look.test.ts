// How agents are run on a machine, and which exist, as far as files tell.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Person } from '../../agent/setup/facts.ts'
import { type Look, lookAtMachine } from '../../agent/setup/look.ts'
import { dropInFor, userIn } from '../../agent/setup/units.ts'
import { alice, file, filesWith, root } from '../support/setup/machine.ts'

type Entries = Parameters<typeof filesWith>[0]

function lookOf(self: Person, entries: Entries, changes: Partial<Look> = {}): Look {
  const people = self.userId === 0 ? [root, alice] : [self]
  return {
    files: filesWith(entries),
    platform: 'linux',
    self,
    people,
    environment: {},
    configFile: undefined,
    ...changes,
  }
}

const booted: Entries = { '/run/systemd/system/x': file(root) }
const installed: Entries = { ...booted, '/usr/lib/systemd/user/kopia-metrics-agent.service': file(root) }

async function reasonOf(look: Look): Promise<string> {
  const { manager } = await lookAtMachine(look)
  assert.ok(manager.kind === 'none')
  return manager.reason
}

test('without systemd, its units, or the own systemd of a user, nothing is started, and the reason is told', async () => {
  assert.equal(await reasonOf(lookOf(root, {})), 'systemd does not run this machine')
  assert.equal(
    await reasonOf(lookOf(root, booted, { platform: 'darwin' })),
    'systemd does not run this machine',
  )
  assert.match(await reasonOf(lookOf(root, installed)), /^the units of the packages are not installed/)
  assert.match(
    await reasonOf(lookOf(alice, installed)),
    /^your own systemd does not run; .*loginctl enable-linger alice/,
  )
})

test('the configuration is written where the agent looks for it on each platform', async () => {
  const folderOn = async (platform: NodeJS.Platform, self: Person, environment = {}) =>
    (await lookAtMachine(lookOf(self, {}, { platform, environment }))).settingsFolder
  const anna: Person = { ...alice, name: 'anna', home: '/Users/anna' }
  assert.equal(await folderOn('linux', root), '/etc/kopia-metrics-agent')
  assert.equal(await folderOn('linux', alice), '/home/alice/.config/kopia-metrics-agent')
  assert.equal(await folderOn('linux', alice, { XDG_CONFIG_HOME: '/c' }), '/c/kopia-metrics-agent')
  assert.equal(await folderOn('darwin', root), '/etc/kopia-metrics-agent')
  assert.equal(await folderOn('darwin', anna), '/Users/anna/Library/Application Support/kopia-metrics-agent')
})

test('agents are known by files that set something', async () => {
  const folder = '/etc/kopia-metrics-agent'
  const { agents, files, settingsFolder } = await lookAtMachine(
    lookOf(root, {
      [`${folder}/config.yaml`]: file(root, '# comments only\n'),
      [`${folder}/photos.yaml`]: file(root, 'kopia_config_path: /root/p.config\n'),
      [`${folder}/photos.env`]: file(root, 'KOPIA_METRICS_LISTEN=127.0.0.1:9193\n'),
    }),
  )
  assert.deepEqual(agents, [
    {
      name: 'photos',
      file: `${folder}/photos.yaml`,
      values: { kopia_config_path: '/root/p.config' },
      user: 'root',
    },
  ])
  assert.equal(files.get(`${folder}/config.yaml`)?.kind, 'idle')
  assert.equal(settingsFolder, folder)
})

test("root sees users' own agents as neighbours, and a user sees root's", async () => {
  const hers = '/home/alice/.config/kopia-metrics-agent/environment'
  const system = '/etc/kopia-metrics-agent/config.yaml'
  const both = { [hers]: file(alice, 'KOPIA_METRICS_JOB=x\n'), [system]: file(root, 'job: y\n') }
  const seenBy = async (self: Person) => (await lookAtMachine(lookOf(self, both))).neighbours
  assert.deepEqual(await seenBy(root), [{ name: undefined, file: hers, values: { job: 'x' }, user: 'alice' }])
  assert.deepEqual(await seenBy(alice), [
    { name: undefined, file: system, values: { job: 'y' }, user: 'root' },
  ])
})

test('on macOS, too, root sees the agents of users where those look for their configuration', async () => {
  const anna: Person = { ...alice, name: 'anna', home: '/Users/anna' }
  const hers = '/Users/anna/Library/Application Support/kopia-metrics-agent/config.yaml'
  const look = lookOf(root, { [hers]: file(anna, 'job: x\n') }, { platform: 'darwin', people: [root, anna] })
  const { neighbours, others } = await lookAtMachine(look)
  assert.deepEqual(neighbours, [{ name: undefined, file: hers, values: { job: 'x' }, user: 'anna' }])
  assert.ok(others.has(hers))
})

test('a configuration file of its own is that of the agent without a name', async () => {
  const look = lookOf(alice, { '/srv/a.yaml': file(alice, 'job: x\n') }, { configFile: '/srv/a.yaml' })
  const { agents, settingsFolder } = await lookAtMachine(look)
  assert.deepEqual(agents, [{ name: undefined, file: '/srv/a.yaml', values: { job: 'x' }, user: 'alice' }])
  assert.equal(settingsFolder, '/home/alice/.config/kopia-metrics-agent')
})

test('a file that cannot be understood stops setup in one line', async () => {
  const look = lookOf(root, { '/etc/kopia-metrics-agent/config.yaml': file(root, 'a: [\n') })
  await assert.rejects(lookAtMachine(look), {
    name: 'ConfigError',
    message: /config\.yaml: it can't be read as YAML/,
  })
  const files = filesWith({ '/etc/kopia-metrics-agent/config.yaml': file(root) }, ['/nowhere'])
  const closed = { ...lookOf(root, {}), files: { ...files, read: async () => undefined } }
  await assert.rejects(lookAtMachine(closed), {
    name: 'ConfigError',
    message: /config\.yaml: this user can't read it/,
  })
})

test('the user of a service is the last that a drop-in names', () => {
  const { text } = dropInFor(
    'kopia-metrics-agent.service',
    alice,
    '/home/alice/.config/kopia/repository.config',
  )
  assert.equal(userIn([text]), 'alice')
  assert.equal(userIn(['[Service]\nUser=bob\n', text, '[Service]\nRestart=no\n']), 'alice')
  assert.equal(userIn([]), undefined)
  const flatpak = dropInFor(
    'kopia-metrics-agent@a.service',
    alice,
    '/home/alice/.var/app/io.kopia.KopiaUI/config/kopia/repository.config',
  )
  assert.match(flatpak.text, /ReadWritePaths=-\/home\/alice\/\.var\/app\/io\.kopia\.KopiaUI\/cache\n$/)
})

test('a home with a space or a percent sign is one word of the unit', () => {
  const textFor = (home: string) =>
    dropInFor('kopia-metrics-agent.service', { ...alice, home }, `${home}/.config/kopia/repository.config`)
      .text
  assert.match(textFor('/srv/home dir/alice'), /^ReadWritePaths="-\/srv\/home dir\/alice\/\.cache"$/m)
  assert.match(textFor('/srv/100%/alice'), /^ReadWritePaths=-\/srv\/100%%\/alice\/\.cache$/m)
})

test('agents with a name are neighbours, too, each with the user of its own unit', async () => {
  const folder = '/etc/kopia-metrics-agent'
  const files = {
    [`${folder}/alice.yaml`]: file(root, 'kopia_config_path: /home/alice/.config/kopia/repository.config\n'),
    [`${folder}/repository.yaml`]: file(root, 'kopia_config_path:\njob: x\n'),
    '/etc/systemd/system/kopia-metrics-agent@alice.service.d/user.conf': file(
      root,
      '[Service]\nUser=alice\n',
    ),
  }
  const { neighbours } = await lookAtMachine(lookOf(alice, files))
  assert.deepEqual(
    neighbours.map(({ name, user, values }) => [name, user, values.kopia_config_path]),
    [
      ['alice', 'alice', '/home/alice/.config/kopia/repository.config'],
      ['repository', 'root', ''],
    ],
  )
  const hers = '/home/alice/.config/kopia-metrics-agent/mail.environment'
  const seen = await lookAtMachine(lookOf(root, { [hers]: file(alice, 'KOPIA_METRICS_JOB=x\n') }))
  assert.deepEqual(
    seen.neighbours.map(({ name, user }) => [name, user]),
    [['mail', 'alice']],
  )
})
