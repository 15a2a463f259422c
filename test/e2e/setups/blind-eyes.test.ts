// What no log tells: logs that lie elsewhere, and policies that another program changed.

import assert from 'node:assert/strict'
import { copyFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { runAgentCommand } from '../../support/agent-command.ts'
import { createLab, figuresAfter, figuresOf, installHooks, type Lab } from '../../support/lab.ts'
import { everySecond, noAttempts, readValue, waitForValue } from '../../support/setups/series.ts'
import { startServer } from '../../support/setups/server.ts'
import { waitFor } from '../../support/wait.ts'

/** The agent asks for everything so often. */
const often = { ...everySecond, KOPIA_METRICS_REPOSITORY_SCHEDULE: '*/2 * * * * *' }
const unexplained = 'kopia_agent_unexplained_snapshots_total'

test('logs elsewhere: snapshots of this machine that no run explains are counted as such', async (context) => {
  const lab = await createLab(context)
  const names = ['watched', 'elsewhere', 'hooked'] as const
  const [watched = '', elsewhere = '', hooked = ''] = await Promise.all(names.map(lab.makeSource))
  // As a unit without HOME, or with another XDG_CACHE_HOME: no log at all lies where the agent looks.
  const otherDirectory = `--log-dir=${join(lab.folder, 'other-logs')}`
  await lab.kopia.must(otherDirectory, 'snapshot', 'create', elsewhere)
  const agent = await lab.startAgent(often)

  await writeFile(join(elsewhere, 'news'), 'news')
  await lab.kopia.must(otherDirectory, 'snapshot', 'create', elsewhere)
  const { status, attempts, snapshots } = await figuresAfter(lab.gateway, elsewhere, 1)
  assert.deepEqual([status, attempts, snapshots.all], [1, { ...noAttempts, success: 1 }, 2])
  await waitForValue(lab.gateway, 1, unexplained)
  await waitFor('the agent says so', () => /elsewhere.*(log|hook)/i.test(agent.output()) || undefined)
  const checked = await runAgentCommand(lab, 'check')
  assert.match(checked.output, /elsewhere/)

  // Those that a log or a hook explains are not counted.
  await installHooks(lab.kopia, hooked)
  await lab.kopia.must('snapshot', 'create', watched)
  await lab.kopia.must('snapshot', 'create', '--disable-file-logging', hooked)
  for (const path of [watched, hooked]) assert.equal((await figuresAfter(lab.gateway, path, 1)).status, 1)
  assert.equal(await readValue(lab.gateway, unexplained), 1)
})

test('snapshots of another machine explain nothing about the logs of this one', async (context) => {
  const lab = await createLab(context)
  const path = await lab.makeSource('photos')
  await lab.startAgent({ ...often, KOPIA_METRICS_SCOPE: 'all' })
  const other = await otherConfiguration(lab)
  await lab.kopia.must(...other, 'repository', 'set-client', '--hostname=other-machine')
  await lab.kopia.must(...other, 'snapshot', 'create', path)
  await waitFor('the snapshot is shown', async () => (await figuresOf(lab.gateway, path)).snapshots.all)
  assert.equal(await readValue(lab.gateway, unexplained), 0)
})

/** The flags of a Kopia with a configuration of its own for the same repository, which leaves no log. */
async function otherConfiguration({ folder, kopia }: Lab): Promise<readonly string[]> {
  const file = join(folder, 'other.config')
  await copyFile(kopia.environment.KOPIA_CONFIG_PATH ?? '', file)
  return [`--config-file=${file}`, '--disable-file-logging']
}

const expectedInterval = (path: string) =>
  ['kopia_backup_expected_interval_seconds', { path, origin: 'policy' }] as const

test('policies that change without a log are read by the repository schedule', async (context) => {
  const lab = await createLab(context)
  const [path, timed] = [await lab.makeSource('photos'), await lab.makeSource('timed')]
  await lab.kopia.must('snapshot', 'create', path, timed)
  await lab.startAgent(often)
  const other = await otherConfiguration(lab)
  const interval = expectedInterval(path)

  await context.test('on another machine', async () => {
    await lab.kopia.must(...other, 'policy', 'set', path, '--snapshot-interval=2h')
    await waitForValue(lab.gateway, 7200, ...interval)
  })

  await context.test("a global interval stays in force beside the source's own time of day", async () => {
    await lab.kopia.must(...other, 'policy', 'set', '--global', '--snapshot-interval=1h')
    await lab.kopia.must(...other, 'policy', 'set', timed, '--snapshot-time=03:00')
    await waitForValue(lab.gateway, 3600, ...expectedInterval(timed))
  })

  await context.test('through the API of a server, as KopiaUI does', async () => {
    const { url, user, host } = await startServer(context, lab.kopia)
    const target = new URLSearchParams({ userName: user, host, path })
    const policy = { scheduling: { intervalSeconds: 1800 } }
    const answer = await fetch(`${url}/api/v1/policy?${target}`, {
      method: 'PUT',
      body: JSON.stringify(policy),
    })
    assert.equal(answer.status, 200, await answer.text())
    await waitForValue(lab.gateway, 1800, ...interval)
  })
})
