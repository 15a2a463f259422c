// A server with several sources due at once: each source gets its own result, also where it only waited for its turn.

import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { makeUnreadableFile } from '../../support/endings.ts'
import { breakAction, createLab, figuresAfter, figuresOf, type Lab } from '../../support/lab.ts'
import { closeGate, type Gate } from '../../support/setups/gates.ts'
import { waitForLines } from '../../support/setups/logs.ts'
import { recordKopia } from '../../support/setups/recorded-kopia.ts'
import { type Server, startServer, uploadAll } from '../../support/setups/server.ts'
import { waitFor } from '../../support/wait.ts'

const none = { success: 0, failed: 0, incomplete: 0 } as const

type Gated = { readonly path: string; readonly gate: Gate }

/** Creates sources whose backups wait in their before-actions, and whose unchanged state is not saved again. */
async function makeGatedSources(lab: Lab, count: number): Promise<readonly Gated[]> {
  await lab.kopia.must('policy', 'set', '--global', '--ignore-identical-snapshots=true')
  const sources: Gated[] = []
  for (let number = 0; number < count; number += 1) {
    const path = await lab.makeSource(`source-${number}`)
    sources.push({ path, gate: await closeGate(lab, path, `gate-${number}`) })
  }
  return sources
}

async function running(lab: Lab, sources: readonly Gated[]): Promise<readonly Gated[]> {
  const figures = await Promise.all(sources.map(({ path }) => figuresOf(lab.gateway, path)))
  return sources.filter((_, index) => figures[index]?.runningSince !== undefined)
}

test('four sources due at once: one runs at a time, and none has the waiting in its figures', async (context) => {
  const lab = await createLab(context)
  const sources = await makeGatedSources(lab, 4)
  await lab.startAgent()
  const server = await startServer(context, lab.kopia)
  await uploadAll(server)
  await waitForLines(lab.kopia, 'server-start', 'DEBUG kopia/server snapshotting', 4)
  const done = new Set<Gated>()
  for (let turn = 0; turn < sources.length; turn += 1) {
    const current = await waitFor(`${turn + 1} sources have had their turn`, async () => {
      const now = (await running(lab, sources)).filter((source) => !done.has(source))
      return now.length > 0 ? now : undefined
    })
    assert.equal(current.length, 1, `turn ${turn}`)
    for (const source of current) {
      done.add(source)
      await source.gate.open()
      const { status, attempts, runningSince } = await figuresAfter(lab.gateway, source.path, 1)
      assert.deepEqual([status, attempts, runningSince], [1, { ...none, success: 1 }, undefined])
    }
  }
  const spans = await Promise.all(
    [...done].map(async ({ path }) => {
      const { lastAttemptAt = 0, durationSeconds = 0 } = await figuresOf(lab.gateway, path)
      return { from: lastAttemptAt - durationSeconds, to: lastAttemptAt }
    }),
  )
  for (const [index, { from }] of spans.entries()) {
    const before = spans[index - 1]
    if (before !== undefined) assert.ok(from >= before.to - 0.01, `${from} is before ${before.to}`)
  }
  await uploadAll(server)
  for (const { path } of sources) {
    const { status, attempts, snapshots } = await figuresAfter(lab.gateway, path, 2)
    assert.deepEqual([status, attempts, snapshots.all], [1, { ...none, success: 2 }, 1])
  }
})

/** Four sources that end in different ways, each after its first good backup. */
async function makeMixedSources(
  context: TestContext,
  lab: Lab,
): Promise<{ server: Server; paths: string[] }> {
  const paths = []
  for (const name of ['changed', 'unchanged', 'failing', 'unreadable']) {
    const path = await lab.makeSource(name)
    paths.push(path)
    await lab.kopia.must('policy', 'set', path, `--ignore-identical-snapshots=${name !== 'failing'}`)
    await lab.kopia.must('snapshot', 'create', path)
  }
  const [changed = '', , failing = '', unreadable = ''] = paths
  await writeFile(join(changed, 'news'), 'news')
  await breakAction(lab, failing)
  await makeUnreadableFile(unreadable)
  return { server: await startServer(context, lab.kopia), paths }
}

const expectedOfMixed = [
  [1, { ...none, success: 1 }],
  [1, { ...none, success: 1 }],
  [0, { ...none, failed: 1 }],
  [0, { ...none, failed: 1 }],
]

async function figuresOfMixed(lab: Lab, paths: readonly string[]) {
  return Promise.all(
    paths.map(async (path) => {
      const { status, attempts } = await figuresAfter(lab.gateway, path, 1)
      return [status, attempts]
    }),
  )
}

for (const atATime of [1, 4]) {
  test(`sources that end in different ways, ${atATime} at a time: each gets its own outcome`, async (context) => {
    const lab = await createLab(context)
    await lab.kopia.must('policy', 'set', '--global', `--max-parallel-snapshots=${atATime}`)
    const { server, paths } = await makeMixedSources(context, lab)
    await lab.startAgent()
    await uploadAll(server)
    assert.deepEqual(await figuresOfMixed(lab, paths), expectedOfMixed)
  })
}

test('four at a time: all are running at once, and all are done', async (context) => {
  const lab = await createLab(context)
  const sources = await makeGatedSources(lab, 4)
  await lab.kopia.must('policy', 'set', '--global', '--max-parallel-snapshots=4')
  await lab.startAgent()
  const server = await startServer(context, lab.kopia)
  for (let round = 1; round <= 2; round += 1) {
    await uploadAll(server)
    if (round === 1)
      await waitFor('all are running', async () =>
        (await running(lab, sources)).length === 4 ? true : undefined,
      )
    await Promise.all(sources.map(({ gate }) => gate.open()))
    for (const { path } of sources) {
      const { status, attempts } = await figuresAfter(lab.gateway, path, round)
      assert.deepEqual([status, attempts], [1, { ...none, success: round }])
    }
  }
})

test('several sources due at once, and the agent cannot ask Kopia: they wait, and are right once it can', async (context) => {
  const lab = await createLab(context)
  const { server, paths } = await makeMixedSources(context, lab)
  const witness = await lab.makeSource('witness')
  await lab.kopia.must('snapshot', 'create', witness)
  const kopia = await recordKopia(lab)
  await lab.startAgent({
    KOPIA_METRICS_KOPIA_BIN: kopia.program,
    KOPIA_METRICS_REFRESH_SCHEDULE: '* * * * * *',
  })
  await kopia.refuse()
  await uploadAll(server)
  await waitForLines(lab.kopia, 'server-start', 'finished uploading', paths.length)
  // A failed run needs no answer of the repository, so it shows that the agent has read the logs up to here.
  await breakAction(lab, witness)
  assert.notEqual((await lab.kopia.run('snapshot', 'create', witness)).exitCode, 0)
  await figuresAfter(lab.gateway, witness, 1)
  const [changed = '', unchanged = '', failing = ''] = paths
  for (const path of [changed, unchanged]) {
    const { attempts } = await figuresOf(lab.gateway, path)
    assert.equal(attempts.failed, 0, path)
  }
  assert.equal((await figuresOf(lab.gateway, failing)).attempts.success, 0)
  await kopia.answerAgain()
  assert.deepEqual(await figuresOfMixed(lab, paths), expectedOfMixed)
})
