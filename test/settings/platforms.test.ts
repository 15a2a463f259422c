// The defaults on each platform, with the machine handed in.

import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import {
  defaultConfigFiles,
  defaultInstance,
  defaultLogDirectory,
  defaultStateDirectory,
  type Machine,
} from '../../agent/settings/default-folders.ts'
import { kopiaBinaryOf } from '../../agent/settings/kopia-binary.ts'
import { loadSettings, settingOrigins } from '../../agent/settings/load.ts'
import { temporaryFolder } from '../support/folder.ts'

const alice = (platform: NodeJS.Platform): Machine => ({ platform, userId: 501, home: '/home/alice' })
const root = (platform: NodeJS.Platform): Machine => ({ platform, userId: 0, home: '/root' })
const xdg = { XDG_CACHE_HOME: '/c', XDG_STATE_HOME: '/s', XDG_CONFIG_HOME: '/x' }

test("on macOS Kopia's and the agent's folders are in Library, whatever XDG says", () => {
  const library = '/home/alice/Library'
  for (const environment of [{}, xdg]) {
    assert.equal(defaultLogDirectory(environment, alice('darwin')), `${library}/Logs/kopia`)
    assert.equal(
      defaultStateDirectory(environment, alice('darwin')),
      `${library}/Application Support/kopia-metrics-agent`,
    )
    assert.equal(
      defaultStateDirectory(environment, root('darwin')),
      '/Library/Application Support/kopia-metrics-agent',
    )
    assert.deepEqual(defaultConfigFiles(environment, alice('darwin')), [
      `${library}/Application Support/kopia-metrics-agent/config.yaml`,
      '/etc/kopia-metrics-agent/config.yaml',
    ])
  }
})

test('on Linux the folders are those of XDG, and of the machine for root', () => {
  assert.equal(defaultLogDirectory({}, alice('linux')), '/home/alice/.cache/kopia')
  assert.equal(defaultLogDirectory(xdg, alice('linux')), '/c/kopia')
  assert.equal(defaultStateDirectory({}, alice('linux')), '/home/alice/.local/state/kopia-metrics-agent')
  assert.equal(defaultStateDirectory(xdg, alice('linux')), '/s/kopia-metrics-agent')
  assert.equal(defaultStateDirectory(xdg, root('linux')), '/var/lib/kopia-metrics-agent')
  assert.deepEqual(defaultConfigFiles(xdg, alice('linux')), [
    '/x/kopia-metrics-agent/config.yaml',
    '/etc/kopia-metrics-agent/config.yaml',
  ])
  assert.deepEqual(defaultConfigFiles(xdg, root('linux')), ['/etc/kopia-metrics-agent/config.yaml'])
})

test("all settings of a Mac follow from its platform: folders, Kopia's configuration and the instance", async () => {
  const environment = { HOME: '/home/alice', PATH: '/usr/bin:/bin' }
  const settings = await loadSettings({}, environment, alice('darwin'))
  assert.equal(settings.cliLogs, '/home/alice/Library/Logs/kopia/cli-logs')
  assert.equal(
    settings.resolvedKopiaConfigPath,
    '/home/alice/Library/Application Support/kopia/repository.config',
  )
  assert.match(settings.instance, /^[^.A-Z]+$/)
  assert.equal(settings.groupLabels.instance, settings.instance)
})

test("a user's own configuration file is read before the machine's", async (context) => {
  const home = await temporaryFolder(context)
  const folder = join(home, 'Library', 'Application Support', 'kopia-metrics-agent')
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'config.yaml'), 'job: mine\n')
  const machine = { ...alice('darwin'), home }
  assert.equal((await loadSettings({}, {}, machine)).groupLabels.job, 'mine')
  assert.equal(await settingOrigins({}, {}, machine), `settings: 1 from ${join(folder, 'config.yaml')}`)
  assert.equal(
    await settingOrigins({}, {}, { ...machine, home: join(home, 'no') }),
    'all settings at their defaults',
  )
})

test('the domain that a Mac gets from its network makes no new instance', () => {
  for (const name of ['Alices-Mac.local', 'alices-mac.fritz.box', 'Alices-Mac']) {
    assert.equal(defaultInstance(name, { platform: 'darwin' }), 'alices-mac')
    assert.equal(defaultInstance(name, { platform: 'linux' }), name)
  }
})

test('on macOS Kopia is found where PATH does not have it', () => {
  const binary = (configured: string, there: readonly string[], platform: NodeJS.Platform = 'darwin') =>
    kopiaBinaryOf(configured, {
      platform,
      searchPath: '/usr/bin:/bin',
      exists: (path) => there.includes(path),
    })
  const [homebrew, ui] = [
    '/opt/homebrew/bin/kopia',
    '/Applications/KopiaUI.app/Contents/Resources/server/kopia',
  ]
  assert.equal(binary('kopia', [homebrew, ui]), homebrew)
  assert.equal(binary('kopia', [ui]), ui)
  assert.equal(binary('kopia', ['/usr/bin/kopia', ui]), 'kopia')
  assert.equal(binary('kopia', []), 'kopia')
  assert.equal(binary('/my/kopia', [ui]), '/my/kopia')
  assert.equal(binary('kopia', [homebrew, ui], 'linux'), 'kopia')
})
