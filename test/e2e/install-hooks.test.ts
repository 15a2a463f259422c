// install-hooks and uninstall-hooks on real policies.

import assert from 'node:assert/strict'
import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { hooks } from '../support/kopia.ts'
import { createLab, figuresAfter, type Lab } from '../support/lab.ts'
import { start } from '../support/processes.ts'
import { agentEntry } from '../support/stack.ts'
import { tool } from '../support/tools.ts'

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
    beforeSnapshotRoot: { path: hooks.before, args: ['--', dump, 'all'], timeout: 90, mode: 'essential' },
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
