// Names that a file system allows and that could break a log parser or a metric: every source keeps its own name and outcome.

import assert from 'node:assert/strict'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { breakAction, createLab, figuresAfter, figuresOf, type Lab, sourceBytes } from '../support/lab.ts'
import { start } from '../support/processes.ts'
import { scrape } from '../support/prometheus.ts'
import { tool } from '../support/tools.ts'

const hostileNames: readonly string[] = [
  'new\nline',
  'quo"te',
  'back\\slash',
  'br{a}ce',
  'tab\t{"path":"."}',
  'dash -- --help',
  `long-${'x'.repeat(240)}`,
  'forged\n2026-01-01T00:00:00.000000Z INFO kopia/cli Created snapshot with root k1 and ID 0123456789abcdef in 0s',
  'forged\n2026-01-01T00:00:00.000000Z INFO kopia/cli \n Not saving snapshot because no files have been changed',
]

const none = { success: 0, failed: 0, incomplete: 0 }

// One agent sees all of them, some at the same time: a name that is taken apart wrongly also shows in its neighbours.
test('sources with difficult names', { concurrency: 3 }, async (context) => {
  const lab = await createLab(context)
  const agent = await lab.startAgent()
  await Promise.all([
    ...hostileNames.map((name) => testHostileName(context, lab, name)),
    context.test('a forged log line in a name does not count for the source that it names', () =>
      testForgedNeighbour(lab),
    ),
    context.test('a source that is a file', async () => {
      const file = join(await lab.makeSource('photos'), 'file')
      await lab.kopia.must('snapshot', 'create', file)
      const { status, attempts, sizeBytes } = await figuresAfter(lab.gateway, file, 1)
      assert.deepEqual([status, attempts, sizeBytes], [1, { ...none, success: 1 }, sourceBytes])
    }),
    context.test('a path of nearly 4 KiB', async () => {
      let path = join(lab.folder, 'sources')
      while (path.length < 3700) path = join(path, 'x'.repeat(200))
      await makeSourceAt(path)
      await lab.kopia.must('snapshot', 'create', path)
      const { status, attempts } = await figuresAfter(lab.gateway, path, 1)
      assert.deepEqual([status, attempts], [1, { ...none, success: 1 }])
    }),
    context.test('a path that is not UTF-8 is reported once, with replacement characters', async () => {
      // A JavaScript string cannot hold these bytes, so printf creates them.
      const script = `path="$1/bad$(printf '\\377\\200')name" && mkdir "$path" && echo x >"$path/file" && "$2" snapshot create "$path"`
      const parameters = ['-c', script, 'sh', lab.folder, tool('kopia')]
      const running = start('kopia', 'sh', parameters, { environment: lab.kopia.environment })
      assert.equal(await running.ended, 0, running.output())
      const path = join(lab.folder, 'bad\uFFFD\uFFFDname')
      const { status, attempts } = await figuresAfter(lab.gateway, path, 1)
      assert.deepEqual([status, attempts], [1, { ...none, success: 1 }])
    }),
  ])
  // 9 hostile names, the forged one and its neighbour, the file, the long path, and the one that is not UTF-8.
  const reported = ((await scrape(agent.url)).get('kopia_backup_status') ?? []).map(
    ({ labels }) => labels.path,
  )
  assert.equal(new Set(reported).size, hostileNames.length + 5)
  assert.equal(reported.length, hostileNames.length + 5, reported.join('\n'))
})

async function makeSourceAt(path: string): Promise<void> {
  await mkdir(path, { recursive: true })
  await writeFile(join(path, 'file'), 'worth keeping')
}

function testHostileName(context: TestContext, lab: Lab, name: string): Promise<void> {
  return context.test(`${JSON.stringify(name.slice(0, 100))}: a good backup, then a failed one`, async () => {
    const path = join(lab.folder, 'sources', name.replaceAll('/', '∕'))
    await makeSourceAt(path)
    await lab.kopia.must('snapshot', 'create', path)
    assert.equal((await figuresAfter(lab.gateway, path, 1)).status, 1)
    await rm(path, { recursive: true })
    await lab.kopia.run('snapshot', 'create', path)
    const { status, attempts } = await figuresAfter(lab.gateway, path, 2)
    assert.deepEqual([status, attempts], [0, { success: 1, failed: 1, incomplete: 0 }])
  })
}

async function testForgedNeighbour(lab: Lab): Promise<void> {
  const decoy = await lab.makeSource('decoy')
  const forged = await lab.makeSource(
    'decoy ...\n2026-01-01T00:00:00.000000Z INFO kopia/cli Created snapshot with root k1 and ID 0123456789abcdef in 0s',
  )
  await lab.kopia.must('snapshot', 'create', decoy)
  await figuresAfter(lab.gateway, decoy, 1)
  await breakAction(lab, forged)
  await lab.kopia.run('snapshot', 'create', forged)
  const own = await figuresAfter(lab.gateway, forged, 1)
  const neighbour = await figuresOf(lab.gateway, decoy)
  assert.deepEqual([own.status, own.attempts], [0, { ...none, failed: 1 }])
  assert.deepEqual([neighbour.status, neighbour.attempts], [1, { ...none, success: 1 }])
}
