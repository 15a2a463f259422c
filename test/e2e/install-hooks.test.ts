// install-hooks and uninstall-hooks on real policies.

import assert from 'node:assert/strict'
import { access, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { parseEvent } from '../../agent/spool/event.ts'
import { hooks } from '../support/kopia.ts'
import { createLab, figuresAfter, type Lab } from '../support/lab.ts'
import { start } from '../support/processes.ts'
import { agentEntry } from '../support/stack.ts'
import { tool } from '../support/tools.ts'
import { waitFor } from '../support/wait.ts'

async function agent(lab: Lab, ...parameters: readonly string[]): Promise<string> {
  const environment = { ...lab.kopia.environment, KOPIA_METRICS_KOPIA_BIN: tool('kopia') }
  const running = start('agent', process.execPath, [agentEntry, ...parameters], { environment })
  assert.equal(await running.ended, 0, running.output())
  return running.output()
}

async function policies(lab: Lab): Promise<Record<string, { actions?: object }>> {
  return JSON.parse(
    (await lab.kopia.must('policy', 'export', '--log-level=error', '--no-progress')).output.replace(
      /^[^{]*/,
      '',
    ),
  )
}

test('an existing action is chained and still runs, and uninstalling restores the policy exactly', async (context) => {
  const lab = await createLab(context)
  const path = await lab.makeSource('photos')
  await lab.startAgent()
  const dump = join(lab.folder, 'dump.sh')
  const marker = join(lab.folder, 'dumped')
  await writeFile(dump, `#!/bin/sh\necho "$1" > ${marker}\n`, { mode: 0o755 })
  await lab.kopia.must(
    'policy',
    'set',
    path,
    '--action-command-timeout=90s',
    `--before-snapshot-root-action=${dump} all`,
  )
  const before = await policies(lab)
  const messages = await agent(lab, 'install-hooks', path)
  assert.match(messages, new RegExp(`beforeSnapshotRoot: the hook, which runs ${dump} all`))
  assert.match(messages, /afterSnapshotRoot: the hook\n/)
  const name = Object.keys(before).find((target) => target.endsWith(path)) ?? ''
  assert.deepEqual((await policies(lab))[name]?.actions, {
    beforeSnapshotRoot: {
      path: hooks.before,
      args: ['--essential', '--', dump, 'all'],
      timeout: 90,
      mode: 'essential',
    },
    afterSnapshotRoot: { path: hooks.after, timeout: 300, mode: 'optional' },
  })
  const installed = await policies(lab)
  assert.match(await agent(lab, 'install-hooks', path), /the hook is there already/)
  assert.deepEqual(await policies(lab), installed)
  await lab.kopia.must('snapshot', 'create', path)
  assert.ok((await readdir(lab.folder)).includes('dumped'))
  await writeFile(dump, '#!/bin/sh\nexit 3\n')
  assert.equal(
    (await lab.kopia.run('snapshot', 'create', path)).exitCode,
    1,
    'an essential action must stay essential',
  )
  await agent(lab, 'uninstall-hooks', path)
  assert.deepEqual(await policies(lab), before)
  assert.match(await agent(lab, 'uninstall-hooks', path), /no hook is there/)
})

test('an inherited action is chained, and inherited again afterwards, also in the global policy', async (context) => {
  const lab = await createLab(context)
  const path = await lab.makeSource('photos')
  await lab.kopia.must('policy', 'set', '--global', '--after-snapshot-root-action=/bin/true')
  await lab.kopia.must('policy', 'set', path, '--compression=none')
  const before = await policies(lab)
  assert.match(await agent(lab, 'install-hooks', path), /afterSnapshotRoot: the hook, which runs \/bin\/true/)
  await agent(lab, 'uninstall-hooks', path)
  assert.deepEqual(await policies(lab), before)
  await agent(lab, 'install-hooks', '--global')
  assert.notDeepEqual(await policies(lab), before)
  await agent(lab, 'uninstall-hooks', '--global')
  assert.deepEqual(await policies(lab), before)
})

test('uninstalling leaves no policy where there was none', async (context) => {
  const lab = await createLab(context)
  const path = await lab.makeSource('photos')
  const before = await policies(lab)
  await agent(lab, 'install-hooks', path)
  await lab.startAgent()
  await lab.kopia.must('snapshot', 'create', '--disable-file-logging', path)
  assert.equal((await figuresAfter(lab.gateway, path, 1)).status, 1)
  await agent(lab, 'uninstall-hooks', path)
  assert.deepEqual(await policies(lab), before)
})

test('install-hooks warns of a repository that is connected without actions', async (context) => {
  const lab = await createLab(context)
  const path = await lab.makeSource('photos')
  await lab.kopia.must(
    'repository',
    'connect',
    'filesystem',
    '--no-enable-actions',
    `--path=${join(lab.folder, 'kopia', 'repository')}`,
  )
  assert.match(
    await agent(lab, 'install-hooks', path),
    /Warning: this repository is connected without actions/,
  )
})

/** An action that is one process, as Kopia kills no other: it tells its process id, and after 20 s that it came to its end. */
async function makeHungAction(lab: Lab) {
  const [path, begun, finished] = ['hung', 'begun', 'finished'].map((name) => join(lab.folder, name)) as [
    string,
    string,
    string,
  ]
  const script = `
    require('node:fs').writeFileSync(${JSON.stringify(begun)}, String(process.pid))
    setTimeout(() => require('node:fs').writeFileSync(${JSON.stringify(finished)}, ''), 20_000)
  `
  await writeFile(path, `#!${process.execPath}\n${script}`, { mode: 0o755 })
  return { path, begun, finished }
}

function isRunning(processId: number): boolean {
  try {
    return process.kill(processId, 0)
  } catch {
    return false
  }
}

async function eventsIn(spool: string) {
  const files = (await readdir(spool)).filter((file) => file.endsWith('.event'))
  return Promise.all(files.map(async (file) => parseEvent(await readFile(join(spool, file)), 0)))
}

for (const [mode, exitCode] of [
  ['essential', 1],
  ['optional', 0],
] as const) {
  test(`Kopia's time limit ends a chained ${mode} action as it ends it alone`, async (context) => {
    const lab = await createLab(context)
    const path = await lab.makeSource('photos')
    await mkdir(lab.spool, { recursive: true })
    const action = await makeHungAction(lab)
    const limits = ['--action-command-timeout=2s', `--action-command-mode=${mode}`]
    await lab.kopia.must('policy', 'set', path, ...limits, `--before-snapshot-root-action=${action.path}`)
    await agent(lab, 'install-hooks', path)
    assert.equal((await lab.kopia.run('snapshot', 'create', path)).exitCode, exitCode)
    await assert.rejects(access(action.finished), 'the backup waited for the action')
    const processId = Number(await readFile(action.begun, 'utf8'))
    await waitFor('the action is gone', () => !isRunning(processId) || undefined)
    await assert.rejects(access(action.finished), 'the action was not killed')
    const essential = mode === 'essential' ? { actionIsEssential: true } : {}
    const end = await waitFor('the end is recorded', async () =>
      (await eventsIn(lab.spool)).find(({ phase }) => phase === 'end'),
    )
    const { action: which, actionExitCode, actionIsEssential } = end
    assert.deepEqual(
      { which, actionExitCode, ...(actionIsEssential && { actionIsEssential }) },
      { which: 'before', actionExitCode: 137, ...essential },
    )
  })
}

test('a path that looks like user@host:path is a path, and user@host:path is a source', async (context) => {
  const lab = await createLab(context)
  const path = await lab.makeSource('me@nas:share')
  await agent(lab, 'install-hooks', path, 'me@nas:/share')
  const targets = Object.keys(await policies(lab)).filter((target) => target !== '(global)')
  assert.equal(targets.length, 2)
  assert.ok(targets.includes('me@nas:/share'), targets.join('\n'))
  assert.ok(
    targets.some((target) => target.endsWith(`:${path}`)),
    targets.join('\n'),
  )
  await mkdir(lab.spool, { recursive: true })
  await lab.kopia.must('snapshot', 'create', path)
  assert.deepEqual(
    (await eventsIn(lab.spool)).map((event) => event.path),
    [path, path],
  )
})
