// The deciding parts of what `check` finds out about a setup: names, repository, processes, log directories, hooks.

import assert from 'node:assert/strict'
import { mkdir, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { configurationsBeside } from '../../agent/check/configuration.ts'
import type { Finding } from '../../agent/check/finding.ts'
import { checkWithoutGateway } from '../../agent/check/gateway.ts'
import { checkHooksAndLogs } from '../../agent/check/hooks-and-logs.ts'
import { checkIdentity, checkRepositoryId } from '../../agent/check/identity.ts'
import { folderWithLogsSince, likelyLogFolders, logFoldersOfUnit } from '../../agent/check/log-folders.ts'
import {
  type ProcessView,
  platformFinding,
  processFinding,
  unseenLogs,
  windowsFinding,
} from '../../agent/check/processes.ts'
import { checkSharedLogs } from '../../agent/check/shared-logs.ts'
import { status } from '../support/fake-kopia.ts'
import { temporaryFolder } from '../support/folder.ts'
import { logFile } from '../support/log-files.ts'

const adviceOf = (finding: Finding) => (finding.result === 'ok' ? undefined : finding.advice)

test('another repository is a failure, a new or an unnamed one is not', () => {
  const other = { ...status, repositoryId: 'def' }
  assert.equal(checkRepositoryId(undefined, status).result, 'ok')
  assert.equal(checkRepositoryId(status, status).result, 'ok')
  assert.equal(checkRepositoryId(status, { ...status, repositoryId: '' }).result, 'ok')
  assert.equal(checkRepositoryId({ ...status, repositoryId: '' }, status).result, 'ok')
  const found = checkRepositoryId(status, other)
  assert.equal(found.result, 'failure')
  assert.match(found.found, /repository abc that the agent knows, found def/)
  assert.match(adviceOf(found) ?? '', /connect the old repository again.*forget --sources/)
})

test('another user or host is a warning that says how to keep the old name', () => {
  assert.equal(checkIdentity(undefined, status).result, 'ok')
  assert.equal(checkIdentity(status, { ...status, repositoryId: 'def' }).result, 'ok')
  const found = checkIdentity(status, { ...status, host: 'new' })
  assert.match(found.found, /as root@new now; the agent knows this machine as root@vm/)
  assert.match(adviceOf(found) ?? '', /set-client --username=root --hostname=vm/)
})

const seen: ProcessView = { agentSees: true, closed: [], unseenLogs: [], seen: 1 }

test('processes that are closed or unseen are a warning', () => {
  assert.equal(processFinding(seen).result, 'ok')
  assert.equal(processFinding({ ...seen, agentSees: undefined, seen: 0 }).result, 'ok')
  assert.match(adviceOf(processFinding({ ...seen, closed: [7] })) ?? '', /run the agent as the user/)
  assert.match(processFinding({ ...seen, unseenLogs: ['x.log'] }).found, /x\.log grows/)
  assert.match(adviceOf(processFinding({ ...seen, agentSees: false })) ?? '', /share the pid namespace/)
})

test('a log is unseen if it has grown and no process holds it', () => {
  const before = [logFile({ pid: 1 }), logFile({ pid: 2 }), logFile({ pid: 3 }), logFile({ pid: 4 })]
  const after = [
    logFile({ pid: 1, sizeBytes: 200 }),
    logFile({ pid: 2 }),
    logFile({ pid: 3, sizeBytes: 200, isOpen: true }),
  ]
  const byName = new Map(after.map((log) => [log.name.fileName, log]))
  assert.deepEqual(unseenLogs(before, byName), [before[0]?.name.fileName])
})

test('a log directory of several configurations is a warning, unless it was set for this one', () => {
  const none = { seen: [], beside: [], directory: 'default' } as const
  assert.equal(checkSharedLogs(none).result, 'ok')
  assert.equal(checkSharedLogs({ ...none, beside: ['/c/repository-1.config'] }).result, 'warning')
  assert.equal(checkSharedLogs({ ...none, beside: ['/c/a.config'], directory: 'set' }).result, 'ok')
  const shared = checkSharedLogs({ ...none, seen: ['/1', '/2', '/3', '/4'], directory: 'set' })
  assert.match(shared.found, /for \/1, \/2, \/3 and 1 more, so/)
  assert.match(adviceOf(shared) ?? '', /its own KOPIA_LOG_DIR/)
})

test('without a gateway, somebody must be able to fetch the metrics', () => {
  assert.equal(checkWithoutGateway(true).result, 'ok')
  assert.equal(checkWithoutGateway(false).result, 'failure')
})

test('hooks without logs, and neither of them, are a warning once there is a backup', () => {
  const logs = [logFile()]
  const result = (hookedPolicies: number, has: { logs?: typeof logs; actions?: boolean; backup?: boolean }) =>
    checkHooksAndLogs({
      hookedPolicies,
      areActionsEnabled: has.actions ?? true,
      logs: has.logs ?? [],
      hasSnapshots: has.backup ?? true,
    })
  assert.equal(result(1, { logs }).found, 'logs of backups, and hooks')
  assert.equal(result(0, { logs }).result, 'ok')
  assert.match(adviceOf(result(1, {})) ?? '', /without --disable-file-logging/)
  assert.match(result(1, { actions: false }).found, /^neither/)
  assert.match(result(0, { logs: [logFile({ command: 'policy-set' })] }).found, /^neither/)
  assert.equal(result(0, { backup: false }).result, 'ok')
})

test('a server that runs without logs of level debug is a warning, whatever commands log beside it', () => {
  const server = logFile({ command: 'server-start', pid: 1, isOpen: true, tellsOfBackups: false })
  const eyes = { hookedPolicies: 0, areActionsEnabled: true, hasSnapshots: true }
  const result = (...logs: readonly (typeof server)[]) => checkHooksAndLogs({ ...eyes, logs }).found
  assert.match(result(server, logFile()), /^a server of Kopia runs with a file log level above debug/)
  assert.match(result({ ...server, isOpen: false }, logFile()), /^logs of backups/)
  assert.match(result({ ...server, tellsOfBackups: true }), /^logs of backups/)
  const hooked = checkHooksAndLogs({ ...eyes, hookedPolicies: 1, logs: [server] })
  assert.match(hooked.found, /^hooks, but no log of a backup/)
})

test('the configurations beside the one in use are found', async (context) => {
  const folder = await temporaryFolder(context)
  for (const name of ['repository.config', 'repository-1.config', 'repository.config.mlock', 'ui.json'])
    await writeFile(join(folder, name), '')
  assert.deepEqual(await configurationsBeside(join(folder, 'repository.config')), [
    join(folder, 'repository-1.config'),
  ])
  assert.deepEqual(await configurationsBeside(join(folder, 'nowhere', 'repository.config')), [])
})

const surroundings = {
  platform: 'linux',
  home: '/root',
  cacheHome: '',
  configPath: '/home/alice/.config/kopia/repository.config',
} as const

test('logs are looked for in the homes of the agent and of the configuration, and where units put them', () => {
  const units = [
    '[Service]\nWorkingDirectory=/srv/backup\nExecStart=/usr/bin/kopia snapshot create /data\n',
    '[Service]\nEnvironment="KOPIA_LOG_DIR=/var/log/kopia"\nExecStart=kopia server start\n',
    '[Service]\nExecStart=/usr/bin/kopia --log-dir=/logs snapshot create /data\n',
    '[Service]\nWorkingDirectory=/not/kopia\nExecStart=/usr/bin/kopia-metrics-agent run\n',
  ]
  assert.deepEqual(likelyLogFolders(surroundings, units), [
    '/srv/backup/.cache/kopia',
    '/var/log/kopia',
    '/logs',
    '/root/.var/app/io.kopia.KopiaUI/cache/kopia',
    '/home/alice/.var/app/io.kopia.KopiaUI/cache/kopia',
    '/root/.cache/kopia',
    '/home/alice/.cache/kopia',
    '/.cache/kopia',
  ])
  const mac = likelyLogFolders({ ...surroundings, platform: 'darwin', cacheHome: '/c' }, [])
  assert.ok(mac.includes('/root/Library/Logs/kopia') && mac.includes('/c/kopia'))
})

test('the log directory of a unit can be quoted and hold spaces; comments and unknown places do not count', () => {
  const folders = (...lines: readonly string[]) =>
    logFoldersOfUnit(['[Service]', ...lines, 'ExecStart=/usr/bin/kopia snapshot create /data', ''].join('\n'))
  assert.deepEqual(folders('Environment="KOPIA_LOG_DIR=/var/log/my kopia" A=b'), ['/var/log/my kopia'])
  assert.deepEqual(folders("Environment='KOPIA_LOG_DIR=/var/log/my kopia'"), ['/var/log/my kopia'])
  assert.deepEqual(folders('ExecStartPre=kopia --log-dir "/my logs" maintenance run'), ['/my logs'])
  assert.deepEqual(folders("ExecStartPre=/bin/sh -c 'KOPIA_LOG_DIR=/x kopia repository status'"), ['/x'])
  assert.deepEqual(folders('#Environment=KOPIA_LOG_DIR=/old', ' ; KOPIA_LOG_DIR=/older'), [])
  assert.deepEqual(folders('Environment=KOPIA_LOG_DIR=%L/kopia'), [])
  assert.deepEqual(folders('Environment=KOPIA_LOG_DIR=logs'), [])
  assert.deepEqual(folders('WorkingDirectory=/srv', 'Environment=KOPIA_LOG_DIR=logs')[0], '/srv/logs')
})

test('of several folders, the one with the newest log of a backup is named', async (context) => {
  const folder = await temporaryFolder(context)
  const addLog = async (name: string, command: string, time: number) => {
    await mkdir(join(folder, name, 'cli-logs'), { recursive: true })
    const path = join(folder, name, 'cli-logs', `kopia-20250102-030405-77-${command}.0.log`)
    await writeFile(path, '2025-01-02T03:04:05.3Z DEBUG kopia/server line\n')
    await utimes(path, time, time)
  }
  await addLog('old', 'snapshot-create', 1000)
  await addLog('new', 'server-start', 3000)
  await addLog('lists', 'snapshot-list', 4000)
  const folders = ['nowhere', 'lists', 'old', 'new'].map((name) => join(folder, name))
  assert.equal(await folderWithLogsSince(folders, 900), join(folder, 'new'))
  assert.equal(await folderWithLogsSince(folders, 3500), undefined)
})

test('what only Linux tells is named in one line that fails nothing, and Windows is a warning', () => {
  assert.equal(platformFinding('linux'), undefined)
  const mac = platformFinding('darwin')
  assert.equal(mac?.result, 'ok')
  assert.match(mac?.found ?? '', /^macOS; not looked at: /)
  assert.equal(windowsFinding.result, 'warning')
})
