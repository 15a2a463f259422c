// Everything vanishes: the configuration leads to another or an emptied repository, or a source has no snapshot any more.

import assert from 'node:assert/strict'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { runAgentCommandWith } from '../../support/agent-command.ts'
import { createRepository, type KopiaLab, kopiaWith } from '../../support/kopia.ts'
import { createLab, figuresAfter, figuresOf, type Lab, type SourceFigures } from '../../support/lab.ts'
import {
  bringBack,
  createBarrier,
  removeRepository,
  repositoryOf,
  takeAway,
} from '../../support/setups/repository.ts'
import { everySecond, noAttempts, readValue, seriesOf, waitForValue } from '../../support/setups/series.ts'
import { waitFor } from '../../support/wait.ts'

/** The agent asks for everything so often. */
const often = { ...everySecond, KOPIA_METRICS_REPOSITORY_SCHEDULE: '*/2 * * * * *' }
const changed = 'kopia_agent_repository_changed'

/** Kopia's own default is a cache for each repository; in a common one it finds the format of the former repository. */
function withOwnCaches({ folder, kopia }: Lab): {
  readonly kopia: KopiaLab
  readonly settings: NodeJS.ProcessEnv
} {
  const settings = { ...often, KOPIA_CACHE_DIRECTORY: undefined, XDG_CACHE_HOME: join(folder, 'caches') }
  return { kopia: kopiaWith({ ...kopia.environment, ...settings }), settings }
}

/** What must not change while the repository is another one. */
const lasting = ({ status, attempts, lastSuccessAt, snapshots, sizeBytes }: SourceFigures) => ({
  status,
  attempts,
  lastSuccessAt,
  snapshots,
  sizeBytes,
})

test('another repository under the same configuration: nothing is removed until it is confirmed', async (context) => {
  const lab = await createLab(context)
  const path = await lab.makeSource('photos')
  const barrier = await createBarrier(lab)
  const { kopia, settings: ownCaches } = withOwnCaches(lab)
  const settings = { ...ownCaches, ...barrier.settings }
  let agent = await lab.startAgent(settings)
  await kopia.must('snapshot', 'create', path)
  const known = lasting(await figuresAfter(lab.gateway, path, 1))
  await waitForValue(lab.gateway, 0, changed)

  await context.test('another one', async () => {
    await createRepository(kopia, join(lab.folder, 'other-repository'))
    await waitForValue(lab.gateway, 1, changed)
    assert.deepEqual(lasting(await figuresOf(lab.gateway, path)), known)
    await agent.stop()
    agent = await lab.startAgent(settings)
    await waitForValue(agent, 1, changed)
    assert.deepEqual(lasting(await figuresOf(agent, path)), known)
    const { output } = await runAgentCommandWith(lab, settings, 'status')
    assert.match(output, /photos/)
    assert.match(output, /another repository|other repository/i)
  })

  await context.test('the same one again', async () => {
    const repository = `--path=${repositoryOf(kopia)}`
    await kopia.must('repository', 'connect', 'filesystem', '--enable-actions', repository)
    await waitForValue(lab.gateway, 0, changed)
    assert.deepEqual(lasting(await figuresOf(lab.gateway, path)), known)
    await kopia.must('snapshot', 'create', path)
    assert.equal((await figuresAfter(lab.gateway, path, 2)).status, 1)
  })

  await context.test('an emptied folder in which Kopia has created one anew', async () => {
    const before = lasting(await figuresOf(lab.gateway, path))
    // An agent that asks while the folder is empty is told of a repository without snapshots, as in the test below.
    await barrier.close()
    await waitForValue(lab.gateway, 0, 'kopia_agent_repository_reachable')
    await removeRepository(kopia)
    await createRepository(kopia, repositoryOf(kopia))
    await barrier.open()
    await waitForValue(lab.gateway, 1, changed)
    assert.deepEqual(lasting(await figuresOf(lab.gateway, path)), before)
  })

  await context.test('the new one is confirmed', async () => {
    await agent.stop()
    const forgotten = await runAgentCommandWith(lab, settings, 'forget', '--sources')
    assert.equal(forgotten.exitCode, 0, forgotten.output)
    const mail = await lab.makeSource('mail')
    await kopia.must('snapshot', 'create', mail)
    await lab.startAgent(settings)
    await waitForValue(lab.gateway, 0, changed)
    const paths = await waitFor('the new source is shown', async () => {
      const shown = (await seriesOf(lab.gateway, 'kopia_backup_status')).map(({ labels }) => labels.path)
      return shown.includes(mail) ? shown : undefined
    })
    assert.deepEqual(paths, [mail])
  })
})

test('an empty folder instead of the repository, as a mount point without its mount: nothing is removed', async (context) => {
  const lab = await createLab(context)
  const path = await lab.makeSource('photos')
  await lab.startAgent(often)
  await lab.kopia.must('snapshot', 'create', path)
  const known = lasting(await figuresAfter(lab.gateway, path, 1))
  await takeAway(lab.kopia)
  const mountPoint = repositoryOf(lab.kopia)
  await mkdir(mountPoint)
  // Kopia keeps the format of a repository for 15 minutes: so long it takes an empty folder for one without snapshots.
  await lab.kopia.must('policy', 'set', path, '--keep-latest=7')
  await waitFor('the agent sees that nothing is there', async () => {
    const isReachable = await readValue(lab.gateway, 'kopia_agent_repository_reachable')
    return isReachable === 0 || (await figuresOf(lab.gateway, path)).snapshots.all === 0 || undefined
  })
  const { attempts, lastSuccessAt } = await figuresOf(lab.gateway, path)
  assert.deepEqual([attempts, lastSuccessAt], [known.attempts, known.lastSuccessAt])
  await removeRepository(lab.kopia)
  await bringBack(lab.kopia)
  // Kopia's cache has the list of an empty folder.
  await lab.kopia.must('policy', 'set', path, '--keep-latest=8')
  await waitFor('the agent sees the snapshot again', async () => {
    const { status, snapshots } = await figuresOf(lab.gateway, path)
    return (status === 1 && snapshots.all === 1) || undefined
  })
  assert.deepEqual(lasting(await figuresOf(lab.gateway, path)), known)
})

test('all snapshots of a source are deleted: it stays, with counts of 0, also after a restart', async (context) => {
  const lab = await createLab(context)
  const [gone, kept] = [await lab.makeSource('gone'), await lab.makeSource('kept')]
  const agent = await lab.startAgent(often)
  await lab.kopia.must('snapshot', 'create', gone, kept)
  const { lastSuccessAt } = await figuresAfter(lab.gateway, gone, 1)
  await lab.kopia.must('snapshot', 'delete', '--all-snapshots-for-source', '--delete', gone)
  const assertStays = async (service: Parameters<typeof figuresOf>[0]) => {
    await waitForValue(service, 0, 'kopia_snapshot_count', { path: gone, type: 'all' })
    const figures = await figuresOf(service, gone)
    assert.deepEqual(
      [figures.attempts, figures.lastSuccessAt],
      [{ ...noAttempts, success: 1 }, lastSuccessAt],
    )
    assert.deepEqual([...new Set(Object.values(figures.snapshots))], [0])
  }
  await assertStays(lab.gateway)
  assert.equal((await figuresOf(lab.gateway, kept)).snapshots.all, 1)
  await agent.stop()
  const again = await lab.startAgent(often)
  await assertStays(again)
  // The agent has asked for all snapshots again, after it has found that those of this source are gone.
  await lab.kopia.must('snapshot', 'create', kept)
  await figuresAfter(lab.gateway, kept, 2)
  await assertStays(lab.gateway)
  await lab.kopia.must('snapshot', 'create', gone)
  assert.equal((await figuresAfter(lab.gateway, gone, 2)).snapshots.all, 1)
})
