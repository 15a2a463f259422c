// The steps of a plan on real files: nothing that exists is overwritten, and a failure says what was done and what was not.

import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { applySteps } from '../../agent/setup/apply.ts'
import type { Person } from '../../agent/setup/facts.ts'
import type { Step } from '../../agent/setup/plan-types.ts'
import { cleanUpAfter } from '../support/cleanup.ts'
import { temporaryFolder } from '../support/folder.ts'

const { username: name, uid: userId, gid: groupId, homedir: home } = userInfo()
const self: Person = { name, userId, groupId, home }
const tools = { self, installHooks: async () => undefined, onStep: () => undefined }

test('files, secrets and folders are created with their modes, below folders that are missing', async (context) => {
  const folder = await temporaryFolder(context)
  const steps: readonly Step[] = [
    { kind: 'make folder', path: join(folder, 'log/photos'), owner: self },
    { kind: 'create secret', path: join(folder, 'store/password'), holds: 'x', text: 'secret', owner: self },
    { kind: 'create file', path: join(folder, 'etc/photos.yaml'), text: 'job: x\n', mode: 0o644 },
  ]
  assert.deepEqual(await applySteps(steps, tools), { kind: 'done' })
  const modeOf = async (path: string) => ((await stat(join(folder, path))).mode & 0o777).toString(8)
  assert.deepEqual(
    [
      await modeOf('log/photos'),
      await modeOf('store'),
      await modeOf('store/password'),
      await modeOf('etc/photos.yaml'),
    ],
    ['700', '700', '600', '644'],
  )
})

test('lines are added to a file that is as it was found, and to no other', async (context) => {
  const path = join(await temporaryFolder(context), 'config.yaml')
  await writeFile(path, '# comment')
  const step: Step = { kind: 'append', path, before: '# comment', addition: '\njob: x\n' }
  assert.deepEqual(await applySteps([step], tools), { kind: 'done' })
  assert.equal(await readFile(path, 'utf8'), '# comment\n\njob: x\n')
  const again = await applySteps([step], tools)
  assert.ok(again.kind === 'failed')
  assert.match(again.reason, /config\.yaml was changed meanwhile$/)
})

test('a file that appeared meanwhile is kept, and the steps after it are not done', async (context) => {
  const folder = await temporaryFolder(context)
  const file = (path: string): Step => ({
    kind: 'create file',
    path: join(folder, path),
    text: 'new',
    mode: 0o600,
  })
  await writeFile(join(folder, 'second'), 'old')
  const steps = [file('first'), file('second'), file('third')]
  const result = await applySteps(steps, tools)
  assert.ok(result.kind === 'failed')
  assert.deepEqual([result.done, result.step, result.left], [[steps[0]], steps[1], [steps[2]]])
  assert.match(result.reason, /EEXIST/)
  assert.equal(await readFile(join(folder, 'second'), 'utf8'), 'old')
  await assert.rejects(stat(join(folder, 'third')), { code: 'ENOENT' })
})

test('hooks that cannot be installed are told', async () => {
  const repository = {
    configPath: '/c',
    owner: self,
    isDefault: true,
    startedBy: 'command line',
    logDirectory: '/l',
    isDefaultLog: true,
    hasBackupLogs: false,
  } as const
  const agent = {
    name: undefined,
    repository,
    file: '/f',
    format: 'yaml',
    user: self,
    unit: undefined,
    environment: {},
    state: 'new',
    grouping: '',
    stateFolder: '/s',
  } as const
  const failing = { ...tools, installHooks: () => Promise.reject(new Error('install-hooks ended with 1')) }
  const result = await applySteps([{ kind: 'install hooks', agent, sources: ['/a'] }], failing)
  assert.ok(result.kind === 'failed')
  assert.equal(result.reason, 'install-hooks ended with 1')
})

test('on a full disk no half file stays, and the lines of a file in use are as before', async (context) => {
  const folder = await temporaryFolder(context)
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', folder])
  if (mounted.status !== 0) return context.skip('this user may not mount a file system')
  cleanUpAfter(context, () => execFileSync('umount', [folder]))
  const [path, secret] = [join(folder, 'config.yaml'), join(folder, 'secret')]
  await writeFile(path, '# comment\n')
  const much = 'job: x\n'.repeat(20_000)
  const results = [
    await applySteps([{ kind: 'append', path, before: '# comment\n', addition: much }], tools),
    await applySteps([{ kind: 'create secret', path: secret, holds: 'x', text: much, owner: self }], tools),
  ]
  for (const result of results) {
    assert.ok(result.kind === 'failed')
    assert.match(result.reason, /ENOSPC/)
  }
  assert.equal(await readFile(path, 'utf8'), '# comment\n')
  await assert.rejects(stat(secret), { code: 'ENOENT' })
})

test('a link in the way is not followed', async (context) => {
  const folder = await temporaryFolder(context)
  await writeFile(join(folder, 'other'), 'old')
  await symlink(join(folder, 'other'), join(folder, 'secret'))
  const step: Step = {
    kind: 'create secret',
    path: join(folder, 'secret'),
    holds: 'x',
    text: 'new',
    owner: self,
  }
  assert.equal((await applySteps([step], tools)).kind, 'failed')
  assert.equal(await readFile(join(folder, 'other'), 'utf8'), 'old')
})
