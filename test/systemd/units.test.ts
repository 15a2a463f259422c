// The units, judged by systemd's own checks.

import assert from 'node:assert/strict'
import { cp, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { temporaryFolder } from '../support/folder.ts'
import { start } from '../support/processes.ts'
import { projectFolder, tool } from '../support/tools.ts'

const units = join(projectFolder, 'deploy/systemd')

/** The units of the system and of the user's own systemd: all files, so that none is forgotten. */
const namesIn = async (folder: string) =>
  (await readdir(folder, { withFileTypes: true })).filter((entry) => entry.isFile()).map(({ name }) => name)
const systemUnits = await namesIn(units)
const userUnits = (await namesIn(join(units, 'user'))).map((name) => `user/${name}`)
const isService = (name: string) => name.endsWith('.service')
const systemServices = systemUnits.filter(isService)

/** Known since systemd 254, and ignored with these words before. */
const unknownBefore254 = /Unknown key (name )?'(RestartSteps|RestartMaxDelaySec)' in section/

async function analyze(parameters: readonly string[], folder: string) {
  const running = start('systemd-analyze', tool('systemd-analyze'), parameters, {
    folder,
    // Its user mode wants the place where a session's sockets would be.
    environment: { XDG_RUNTIME_DIR: folder, SYSTEMD_LOG_COLOR: '0' },
  })
  return { exitCode: await running.ended, output: running.output() }
}

/** Copies the units, with a program that is here in place of the one that the package installs. */
async function runnableUnits(folder: string): Promise<void> {
  await cp(units, folder, { recursive: true })
  for (const name of [...systemUnits, ...userUnits].filter(isService)) {
    const text = await readFile(join(folder, name), 'utf8')
    const installed =
      /^ExecStart=(\/usr\/bin\/kopia-metrics-agent |\/usr\/lib\/kopia-metrics-agent\/send-report\.sh(?= |$))/m
    assert.match(text, installed, name)
    await writeFile(join(folder, name), text.replace(installed, 'ExecStart=/bin/true '))
  }
}

test('services and timers of both kinds are checked', () => {
  const expected = [
    'kopia-metrics-agent.service',
    'kopia-metrics-agent@.service',
    'kopia-metrics-agent-push.service',
    'kopia-metrics-agent-push.timer',
    'user/kopia-metrics-agent.service',
    'user/kopia-metrics-agent@.service',
  ]
  assert.deepEqual(
    expected.filter((name) => ![...systemUnits, ...userUnits].includes(name)),
    [],
  )
})

for (const [scope, names] of [
  ['--system', systemUnits],
  ['--user', userUnits],
] as const) {
  test(`systemd-analyze ${scope} verify finds nothing`, async (context) => {
    const folder = await temporaryFolder(context)
    await runnableUnits(folder)
    for (const name of names) {
      const { exitCode, output } = await analyze([scope, 'verify', join(folder, name)], folder)
      const complaints = output.split('\n').filter((line) => line !== '' && !unknownBefore254.test(line))
      assert.deepEqual([exitCode, complaints], [0, []], name)
    }
  })
}

for (const name of systemServices) {
  test(`${name} is exposed by 2.5 at most`, async (context) => {
    const { exitCode, output } = await analyze(
      ['security', '--offline=true', '--threshold=25', join(units, name)],
      projectFolder,
    )
    const verdict = output.trim().split('\n').at(-1) ?? ''
    context.diagnostic(verdict)
    assert.equal(exitCode, 0, output)
    assert.match(verdict, /Overall exposure level/, output)
  })
}

/** Settings between the comment that begins the sandbox and the next section. */
async function sandboxOf(name: string): Promise<readonly string[]> {
  const text = await readFile(join(units, name), 'utf8')
  const [, sandbox = ''] = /^# (?:The sandbox|The same sandbox)[^\n]*\n([^[]*)/m.exec(text) ?? []
  return sandbox.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
}

test('all system services live in the same sandbox, whose exceptions have reasons', async () => {
  const [first = [], ...others] = await Promise.all(systemServices.map(sandboxOf))
  assert.ok(first.includes('NoNewPrivileges=yes') && first.length > 20, first.join('\n'))
  for (const sandbox of others) assert.deepEqual(sandbox, first)
})
