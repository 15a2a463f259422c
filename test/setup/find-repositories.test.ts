// What setup finds of Kopia: whose configurations, and where each logs.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findBinary } from '../../agent/setup/binary.ts'
import type { Person } from '../../agent/setup/facts.ts'
import type { Files } from '../../agent/setup/files.ts'
import { findRepositories, findRepositoryAt, type Surroundings } from '../../agent/setup/find-repositories.ts'
import { peopleIn } from '../../agent/setup/people.ts'
import { alice, connected, file, filesWith, root } from '../support/setup/machine.ts'

function seenBy(self: Person, files: Files, changes: Partial<Surroundings> = {}): Surroundings {
  const people = self.userId === 0 ? [root, alice] : [self]
  return {
    files,
    platform: 'linux',
    self,
    people,
    units: [],
    configHome: '',
    cacheHome: '',
    logDirectory: '',
    ...changes,
  }
}

const rootConfig = '/root/.config/kopia/repository.config'
const aliceConfig = '/home/alice/.config/kopia/repository.config'
const log = (folder: string, time: string, command = 'snapshot-create') =>
  `${folder}/cli-logs/kopia-20261124-${time}-9072-${command}.0.log`

test('nothing is found where no Kopia is, or where it is not connected', async () => {
  assert.deepEqual(await findRepositories(seenBy(root, filesWith({}))), { repositories: [], unread: [] })
  const disconnected = filesWith({ [rootConfig]: file(root, '{"caching":{}}') })
  assert.deepEqual(await findRepositories(seenBy(root, disconnected)), { repositories: [], unread: [] })
})

test('the default configuration of root, with the logs of its backups', async () => {
  const files = filesWith({
    [rootConfig]: connected(root),
    [log('/root/.cache/kopia', '113623')]: file(root),
  })
  const { repositories } = await findRepositories(seenBy(root, files))
  assert.deepEqual(repositories, [
    {
      configPath: rootConfig,
      owner: root,
      isDefault: true,
      startedBy: 'command line',
      logDirectory: '/root/.cache/kopia',
      isDefaultLog: true,
      hasBackupLogs: true,
    },
  ])
})

test('root sees the configurations of all users, a user only the own ones', async () => {
  const files = filesWith({
    [rootConfig]: connected(root),
    '/root/.config/kopia/photos.config': connected(root),
    '/root/.config/kopia/photos.config.kopia-password': file(root),
    [aliceConfig]: connected(alice),
  })
  const pathsFor = async (self: Person) =>
    (await findRepositories(seenBy(self, files))).repositories.map(
      ({ configPath, owner }) => `${owner.name} ${configPath}`,
    )
  assert.deepEqual(await pathsFor(root), [
    'root /root/.config/kopia/photos.config',
    `root ${rootConfig}`,
    `alice ${aliceConfig}`,
  ])
  assert.deepEqual(await pathsFor(alice), [`alice ${aliceConfig}`])
})

test('a configuration of another user in the own folder is that of its owner', async () => {
  const files = filesWith({ [rootConfig]: connected(alice) })
  const { repositories } = await findRepositories(seenBy(root, files))
  assert.deepEqual(
    repositories.map(({ owner, isDefault }) => [owner.name, isDefault]),
    [['alice', false]],
  )
})

test('folders and files that cannot be read are told', async () => {
  const files = filesWith({ [aliceConfig]: connected(alice), [rootConfig]: file(root, 'no JSON') }, [
    '/home/alice/.config/kopia',
  ])
  assert.deepEqual(await findRepositories(seenBy(root, files)), {
    repositories: [],
    unread: [`${rootConfig} is no configuration of Kopia`, '/home/alice/.config/kopia is closed to root'],
  })
})

test('KopiaUI is known by the names of its configurations, its own folder, or as a flatpak', async () => {
  const flatpak = '/home/alice/.var/app/io.kopia.KopiaUI'
  const files = filesWith({
    '/home/alice/.config/kopia/repository-1732453000000.config': connected(alice),
    '/home/alice/.config/kopia/photos.config': connected(alice),
    [`${flatpak}/config/kopia/repository.config`]: connected(alice),
    [rootConfig]: connected(root),
    '/root/.config/kopia-ui/Preferences': file(root),
  })
  const { repositories } = await findRepositories(seenBy(root, files))
  assert.deepEqual(
    repositories.map(({ configPath, startedBy, logDirectory }) => [
      configPath.split('/').at(-1),
      startedBy,
      logDirectory,
    ]),
    [
      ['repository.config', 'KopiaUI', '/root/.cache/kopia'],
      ['photos.config', 'command line', '/home/alice/.cache/kopia'],
      ['repository-1732453000000.config', 'KopiaUI', '/home/alice/.cache/kopia'],
      ['repository.config', 'KopiaUI', `${flatpak}/cache/kopia`],
    ],
  )
})

test('logs are where the newest backup of this user logged', async () => {
  const files = filesWith({
    [rootConfig]: connected(root),
    [log('/root/.cache/kopia', '010000')]: file(root),
    [log('/.cache/kopia', '020000')]: file(root),
    [log('/srv/alice/.cache/kopia', '030000')]: file(alice),
  })
  const unit = '[Service]\nWorkingDirectory=/srv/alice\nExecStart=/usr/bin/kopia snapshot create --all\n'
  const { repositories } = await findRepositories(seenBy(root, files, { units: [unit] }))
  assert.deepEqual(
    repositories.map(({ logDirectory, isDefaultLog }) => [logDirectory, isDefaultLog]),
    [['/.cache/kopia', false]],
  )
})

test('a log directory that is given is where the logs are', async () => {
  const files = filesWith({
    [rootConfig]: connected(root),
    [log('/root/.cache/kopia', '010000')]: file(root),
    [log('/var/log/kopia', '020000')]: file(root),
  })
  const hasLogs = async (logDirectory: string) =>
    (await findRepositories(seenBy(root, files, { logDirectory }))).repositories[0]?.hasBackupLogs
  assert.deepEqual([await hasLogs('/var/log/kopia'), await hasLogs('/nowhere')], [true, false])
})

test('a unit that names a configuration says where its logs are', async () => {
  const files = filesWith({
    [rootConfig]: connected(root),
    '/root/.config/kopia/photos.config': connected(root),
    [log('/root/.cache/kopia', '010000')]: file(root),
  })
  const unit =
    '[Service]\nEnvironment=KOPIA_CONFIG_PATH=photos.config KOPIA_LOG_DIR=/var/log/photos\nExecStart=/usr/bin/kopia snapshot create /p\n'
  const { repositories } = await findRepositories(seenBy(root, files, { units: [unit] }))
  assert.deepEqual(
    repositories.map(({ logDirectory, hasBackupLogs }) => [logDirectory, hasBackupLogs]),
    [
      ['/var/log/photos', false],
      ['/root/.cache/kopia', true],
    ],
  )
})

test('the log of a server without a line of level DEBUG tells nothing of its backups', async () => {
  const server = log('/root/.cache/kopia', '010000', 'server-start')
  const telling = async (text: string) => {
    const files = filesWith({ [rootConfig]: connected(root), [server]: file(root, text) })
    return (await findRepositories(seenBy(root, files))).repositories[0]?.hasBackupLogs
  }
  assert.equal(await telling('2026-11-24T01:00:00.0Z INFO kopia/server started\n'), false)
  assert.equal(await telling('2026-11-24T01:00:00.0Z DEBUG kopia/server uploading\n'), true)
  assert.equal(await telling('{"l":"DEBUG","t":"2026-11-24T01:00:00.0Z","m":"uploading"}\n'), true)
  // A command that was run once beside it tells nothing of what the server does.
  const info = file(root, '2026-11-24T01:00:00.0Z INFO kopia/server started\n')
  const command = log('/root/.cache/kopia', '000000', 'snapshot-create')
  const files = filesWith({ [rootConfig]: connected(root), [server]: info, [command]: file(root, '') })
  assert.equal((await findRepositories(seenBy(root, files))).repositories[0]?.hasBackupLogs, false)
})

test('on macOS, configurations and logs are below Library', async () => {
  const files = filesWith({
    '/Users/a/Library/Application Support/kopia/repository.config': connected(alice),
  })
  const self = { ...alice, home: '/Users/a' }
  const { repositories } = await findRepositories(seenBy(self, files, { platform: 'darwin', people: [self] }))
  assert.deepEqual(
    repositories.map(({ isDefault, logDirectory }) => [isDefault, logDirectory]),
    [[true, '/Users/a/Library/Logs/kopia']],
  )
})

test('a configuration that is named may be anywhere', async () => {
  const files = filesWith({ '/srv/kopia/x.config': connected(alice) })
  const found = await findRepositoryAt(seenBy(root, files), '/srv/kopia/x.config')
  assert.ok(typeof found === 'object')
  assert.deepEqual([found.owner.name, found.isDefault], ['alice', false])
  assert.equal(
    await findRepositoryAt(seenBy(root, files), '/srv/kopia/none.config'),
    "/srv/kopia/none.config can't be read by root",
  )
})

test('people are the users of /etc/passwd, and the own user first', () => {
  const passwd =
    'root:x:0:0:root:/root:/bin/bash\nalice:x:1000:1000:,,,:/home/alice:/bin/sh\n# no user\nbad:x:y:z::/:\n'
  assert.deepEqual(peopleIn(passwd, root), [root, alice])
  assert.deepEqual(peopleIn('', alice), [alice])
})

test("Kopia's program is found on the path of a unit, elsewhere on PATH, or as KopiaUI's", async () => {
  const find = (given: string, ...there: readonly string[]) =>
    findBinary(given, '/opt/bin:relative', '/root', async (path) => there.includes(path))
  assert.deepEqual(await find('kopia', '/usr/bin/kopia', '/opt/bin/kopia'), {
    path: '/usr/bin/kopia',
    setting: undefined,
  })
  assert.deepEqual(await find('kopia', '/opt/bin/kopia'), {
    path: '/opt/bin/kopia',
    setting: '/opt/bin/kopia',
  })
  const ofUi = '/opt/KopiaUI/resources/server/kopia'
  assert.deepEqual(await find('kopia', ofUi), { path: ofUi, setting: ofUi })
  assert.deepEqual(await find('kopia2', '/usr/bin/kopia2'), { path: '/usr/bin/kopia2', setting: 'kopia2' })
  assert.equal(await find('/nowhere/kopia', '/usr/bin/kopia'), undefined)
  assert.equal(await find('kopia'), undefined)
})
