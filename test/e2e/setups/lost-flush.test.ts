// Kopia says that it created a snapshot, and then fails to write it: only what the repository shows is a success.

import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import {
  breakAction,
  createLab,
  figuresAfter,
  figuresOf,
  knownFiguresOf,
  type Lab,
  type SourceFigures,
} from '../../support/lab.ts'
import {
  bringBack,
  createBarrier,
  removeActions,
  repositoryOf,
  takeAway,
  takeAwayDuring,
} from '../../support/setups/repository.ts'
import { everySecond, noAttempts, waitForVainQuestion, waitForValue } from '../../support/setups/series.ts'
import { startServer, synchronize, upload } from '../../support/setups/server.ts'

const snapshotCreate = { command: 'snapshot create' }

/** Without new contents, Kopia has nothing to write. */
const change = (path: string) => writeFile(join(path, 'news'), `${Math.random()}`)

/** The attempt of the source waits: it neither runs nor is it counted. */
async function assertWaiting({ gateway }: Lab, path: string, known: SourceFigures | undefined) {
  const { attempts, runningSince, lastSuccessAt } = await figuresOf(gateway, path)
  assert.deepEqual(
    [attempts, runningSince, lastSuccessAt],
    [noAttempts, undefined, known?.lastSuccessAt],
    path,
  )
}

test('the repository is lost during a run of two sources: both wait for it, and have failed once it is back', async (context) => {
  const lab = await createLab(context)
  const sources = [await lab.makeSource('first'), await lab.makeSource('second')]
  const [first = '', second = ''] = sources
  await lab.kopia.must('snapshot', 'create', first, second)
  const agent = await lab.startAgent(everySecond)
  const known = await Promise.all(sources.map((path) => knownFiguresOf(lab.gateway, path)))
  assert.deepEqual(
    known.map(({ status }) => status),
    [1, 1],
  )
  await takeAwayDuring(lab, second, 'before')
  for (const path of sources) await change(path)
  const lost = await lab.kopia.run('snapshot', 'create', first, second)
  assert.equal(lost.exitCode, 1)
  assert.match(lost.output, /Created snapshot[\s\S]*Created snapshot[\s\S]*flush error/)
  await waitForValue(lab.gateway, 0, 'kopia_command_status', snapshotCreate)
  await waitForVainQuestion(lab.gateway)
  for (const [index, path] of sources.entries()) await assertWaiting(lab, path, known[index])

  await bringBack(lab.kopia)
  for (const path of sources) {
    const { status, attempts, snapshots } = await figuresAfter(lab.gateway, path, 1)
    assert.deepEqual([status, attempts, snapshots.all], [0, { ...noAttempts, failed: 1 }, 1], path)
  }

  await agent.stop()
  await lab.kopia.run('snapshot', 'create', first, second)
  await bringBack(lab.kopia)
  await lab.startAgent(everySecond)
  for (const path of sources) {
    const { status, attempts } = await figuresAfter(lab.gateway, path, 2)
    assert.deepEqual([status, attempts], [0, { ...noAttempts, failed: 2 }], `${path}, which ended unwatched`)
  }

  await removeActions(lab.kopia, second)
  await lab.kopia.must('snapshot', 'create', first, second)
  for (const path of sources) {
    const { status, attempts, snapshots } = await figuresAfter(lab.gateway, path, 3)
    assert.deepEqual(
      [status, attempts, snapshots.all],
      [1, { ...noAttempts, success: 1, failed: 2 }, 2],
      path,
    )
  }
  await waitForValue(lab.gateway, 1, 'kopia_command_status', snapshotCreate)
})

test('an error after a snapshot that is there: the source is good, and the command is not', async (context) => {
  const lab = await createLab(context)
  const names = ['beside', 'broken', 'flushed', 'lost', 'maintained'] as const
  const [beside = '', broken = '', flushed = '', lost = '', maintained = ''] = await Promise.all(
    names.map(lab.makeSource),
  )
  const barrier = await createBarrier(lab)
  await lab.startAgent({ ...everySecond, ...barrier.settings })

  await context.test('the error is about another source, and Kopia cannot be asked', async () => {
    await breakAction(lab, broken)
    await barrier.close()
    assert.equal((await lab.kopia.run('snapshot', 'create', beside, broken)).exitCode, 1)
    await waitForValue(lab.gateway, 0, 'kopia_command_status', snapshotCreate)
    await barrier.open()
    const good = await figuresAfter(lab.gateway, beside, 1)
    const bad = await figuresAfter(lab.gateway, broken, 1)
    assert.deepEqual([good.status, good.attempts], [1, { ...noAttempts, success: 1 }])
    assert.deepEqual([bad.status, bad.attempts], [0, { ...noAttempts, failed: 1 }])
  })

  await context.test('Kopia flushes each source, and the second flush fails', async () => {
    await takeAwayDuring(lab, lost, 'before')
    await lab.kopia.run('snapshot', 'create', '--flush-per-source', flushed, lost)
    await bringBack(lab.kopia)
    const good = await figuresAfter(lab.gateway, flushed, 1)
    const bad = await figuresAfter(lab.gateway, lost, 1)
    assert.deepEqual([good.status, good.attempts], [1, { ...noAttempts, success: 1 }])
    assert.deepEqual([bad.status, bad.attempts], [0, { ...noAttempts, failed: 1 }])
  })

  await context.test('maintenance fails after the flush', async () => {
    await lab.kopia.must('snapshot', 'create', beside)
    await figuresAfter(lab.gateway, beside, 2)
    await waitForValue(lab.gateway, 1, 'kopia_command_status', snapshotCreate)
    await writeFile(join(repositoryOf(lab.kopia), 'kopia.maintenance.f'), 'damaged')
    const { exitCode, output } = await lab.kopia.run('snapshot', 'create', maintained)
    assert.equal(exitCode, 1, output)
    assert.match(output, /maintenance/)
    const { status, attempts } = await figuresAfter(lab.gateway, maintained, 1)
    assert.deepEqual([status, attempts], [1, { ...noAttempts, success: 1 }])
    await waitForValue(lab.gateway, 0, 'kopia_command_status', snapshotCreate)
  })
})

test('a server loses its repository before the flush: the source waits for it, and has failed once it is back', async (context) => {
  const lab = await createLab(context)
  const path = await lab.makeSource('photos')
  await lab.kopia.must('snapshot', 'create', path)
  await takeAwayDuring(lab, path, 'after')
  await lab.startAgent(everySecond)
  const known = await knownFiguresOf(lab.gateway, path)
  const server = await startServer(context, lab.kopia)
  await change(path)
  await upload(server, path)
  await waitForValue(lab.gateway, 0, 'kopia_agent_repository_reachable')
  await waitForVainQuestion(lab.gateway)
  await assertWaiting(lab, path, known)
  await bringBack(lab.kopia)
  const lost = await figuresAfter(lab.gateway, path, 1)
  assert.deepEqual([lost.status, lost.attempts], [0, { ...noAttempts, failed: 1 }])
  await removeActions(lab.kopia, path)
  await synchronize(server)
  await upload(server, path)
  const good = await figuresAfter(lab.gateway, path, 2)
  assert.deepEqual([good.status, good.attempts], [1, { ...noAttempts, success: 1, failed: 1 }])
})

test('the repository is away from the start: no source is named, and nothing changes but the command', async (context) => {
  const lab = await createLab(context)
  const path = await lab.makeSource('photos')
  await lab.kopia.must('snapshot', 'create', path)
  await lab.startAgent(everySecond)
  const known = await knownFiguresOf(lab.gateway, path)
  await takeAway(lab.kopia)
  assert.equal((await lab.kopia.run('snapshot', 'create', path)).exitCode, 1)
  await waitForValue(lab.gateway, 0, 'kopia_command_status', snapshotCreate)
  assert.deepEqual(await figuresOf(lab.gateway, path), known)
})
