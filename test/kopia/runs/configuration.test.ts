// The configuration file of a process, found in real child processes.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFile, link, mkdir, rm, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import {
  configurationInLog,
  configurationOfProcess,
  configurationPathOf,
} from '../../../agent/kopia/runs/configuration.ts'
import { cleanUpAfter } from '../../support/cleanup.ts'
import { temporaryFolder } from '../../support/folder.ts'
import { waitFor } from '../../support/wait.ts'

const storageAt = (path: string) => ({ storage: { type: 'filesystem', config: { path } }, caching: { a: 1 } })

type Setup = { readonly folder: string; readonly ownPath: string; readonly save: Save }
type Save = (path: string, content: object) => Promise<string>

async function createSetup(context: TestContext): Promise<Setup> {
  const folder = await temporaryFolder(context)
  const save: Save = async (path, content) => {
    const file = join(folder, path)
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, JSON.stringify(content))
    return file
  }
  return { folder, ownPath: await save('own.config', storageAt('/own')), save }
}

type Start = {
  readonly parameters?: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
  readonly cwd?: string
}

/** Starts a process that waits for the end of its input. */
async function start(
  context: TestContext,
  { parameters = [], environment = {}, cwd }: Start,
): Promise<number> {
  const script = "process.stdout.write('ready'); process.stdin.resume()"
  const child = spawn(process.execPath, ['-e', script, '--', ...parameters], {
    env: environment,
    stdio: ['pipe', 'pipe', 'inherit'],
    ...(cwd !== undefined && { cwd }),
  })
  cleanUpAfter(context, () => child.kill('SIGKILL'))
  await once(child.stdout, 'data')
  assert.ok(child.pid !== undefined)
  return child.pid
}

test('the configuration is where Kopia looks for it', () => {
  const home = { HOME: '/root' }
  assert.equal(configurationPathOf('/etc/nas.config', home, 'linux'), '/etc/nas.config')
  assert.equal(configurationPathOf('sub/nas.config', home, 'linux'), 'sub/nas.config')
  assert.equal(configurationPathOf('nas.config', home, 'linux'), '/root/.config/kopia/nas.config')
  assert.equal(configurationPathOf('', home, 'linux'), '/root/.config/kopia/repository.config')
  assert.equal(
    configurationPathOf('', { ...home, XDG_CONFIG_HOME: '/xdg' }, 'linux'),
    '/xdg/kopia/repository.config',
  )
  assert.equal(
    configurationPathOf('', home, 'darwin'),
    '/root/Library/Application Support/kopia/repository.config',
  )
  assert.equal(configurationPathOf('', {}, 'linux'), '.config/kopia/repository.config')
})

test('a process is asked by its flag, its environment and its home, in this order', async (context) => {
  const { folder, ownPath, save } = await createSetup(context)
  const nas = await save('nas.config', storageAt('/nas'))
  const home = join(folder, 'home')
  const atHome = await save('home/.config/kopia/repository.config', storageAt('/home'))
  const named = await save('home/.config/kopia/named.config', storageAt('/named'))
  const environment = { HOME: home, KOPIA_CONFIG_PATH: nas }
  const cases: readonly (readonly [Start, string | undefined])[] = [
    [{ parameters: [`--config-file=${ownPath}`], environment }, undefined],
    [{ parameters: ['--config-file', ownPath], environment }, undefined],
    [{ parameters: [`--config-file=${nas}`, '--config-file', ownPath], environment }, undefined],
    [{ parameters: [`--config-file=${ownPath}`, `--config-file=${nas}`] }, nas],
    [{ environment }, nas],
    [{ environment: { HOME: home } }, atHome],
    [{ parameters: ['--config-file=named.config'], environment }, named],
    [{ environment: { HOME: '/nowhere', XDG_CONFIG_HOME: join(home, '.config') } }, atHome],
  ]
  for (const [started, path] of cases) {
    const processId = await start(context, started)
    assert.deepEqual(
      configurationOfProcess(processId, ownPath),
      path === undefined ? { kind: 'own' } : { kind: 'other', path },
      JSON.stringify(started),
    )
  }
})

test('a relative path counts from the working directory of the process', async (context) => {
  const { folder, ownPath } = await createSetup(context)
  const processId = await start(context, { parameters: ['--config-file=./own.config'], cwd: folder })
  assert.deepEqual(configurationOfProcess(processId, ownPath), { kind: 'own' })
  const withoutHome = await start(context, { cwd: folder })
  assert.equal(configurationOfProcess(withoutHome, ownPath), undefined)
  await mkdir(join(folder, '.config/kopia'), { recursive: true })
  await copyFile(ownPath, join(folder, '.config/kopia/repository.config'))
  assert.deepEqual(configurationOfProcess(withoutHome, ownPath), { kind: 'own' })
})

test('two files with the same storage or server are one repository, whatever else they hold', async (context) => {
  const { folder, ownPath, save } = await createSetup(context)
  const same = await save('same.config', { ...storageAt('/own'), caching: { a: 2 }, username: 'x' })
  const different = await save('different.config', storageAt('/other'))
  const server = await save('server.config', { apiServer: { url: 'https://nas:51515' } })
  const client = await save('client.config', { apiServer: { url: 'https://nas:51515' }, hostname: 'b' })
  const otherServer = await save('other-server.config', { apiServer: { url: 'https://cloud' } })
  assert.deepEqual(configurationInLog(ownPath, ownPath), { kind: 'own' })
  assert.deepEqual(configurationInLog(same, ownPath), { kind: 'own' })
  assert.deepEqual(configurationInLog(different, ownPath), { kind: 'other', path: different })
  assert.deepEqual(configurationInLog(client, server), { kind: 'own' })
  assert.deepEqual(configurationInLog(otherServer, server), { kind: 'other', path: otherServer })
  assert.deepEqual(configurationInLog(server, ownPath), { kind: 'other', path: server })
  const [linked, hardLinked] = [join(folder, 'linked.config'), join(folder, 'hard-linked.config')]
  await symlink(ownPath, linked)
  await link(ownPath, hardLinked)
  for (const path of [linked, hardLinked])
    assert.deepEqual(configurationInLog(path, ownPath), { kind: 'own' })
})

test('a configuration that cannot be read is unknown', async (context) => {
  const { folder, ownPath, save } = await createSetup(context)
  const damaged = join(folder, 'damaged.config')
  await writeFile(damaged, '{"storage":')
  const missing = join(folder, 'missing.config')
  const empty = await save('empty.config', {})
  for (const path of [damaged, missing]) {
    assert.equal(configurationInLog(path, ownPath), undefined)
    const processId = await start(context, { environment: { KOPIA_CONFIG_PATH: path } })
    assert.equal(configurationOfProcess(processId, ownPath), undefined)
  }
  assert.deepEqual(configurationInLog(empty, ownPath), { kind: 'other', path: empty })
  const nas = await save('nas.config', storageAt('/nas'))
  await rm(ownPath)
  assert.equal(configurationInLog(nas, ownPath), undefined, 'the own file is missing')
})

test('the configuration of a process that has ended is unknown', async (context) => {
  const { ownPath } = await createSetup(context)
  const child = spawn(process.execPath, ['-e', ''], { stdio: 'ignore' })
  await once(child, 'exit')
  assert.ok(child.pid !== undefined)
  const processId = child.pid
  await waitFor('the end of the process', () =>
    configurationOfProcess(processId, ownPath) === undefined ? true : undefined,
  )
})
