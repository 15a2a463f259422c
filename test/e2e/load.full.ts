// Many sources, snapshots, log files, events and processes at once, and a Kopia that never answers.

import assert from 'node:assert/strict'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { cleanUpAfter } from '../support/cleanup.ts'
import { breakAction, createLab, figuresAfter, figuresIn, installHooks, type Lab } from '../support/lab.ts'
import { firstSnapshotAt, makeLargeRepository } from '../support/many-snapshots.ts'
import { scrape } from '../support/prometheus.ts'
import { tool } from '../support/tools.ts'
import { waitFor } from '../support/wait.ts'

const everySecond = '* * * * * *'

test('10,000 sources with 100,000 snapshots in one answer are all on the gateway', async (context) => {
  const lab = await createLab(context)
  const [sources, snapshotsEach] = [10_000, 10]
  const binary = await makeLargeRepository(lab.folder, { sources, snapshotsEach })
  const agent = await lab.startAgent({ KOPIA_METRICS_KOPIA_BIN: binary })
  const onGateway = await waitFor('all sources are on the gateway', async () => {
    const figures = await scrape(lab.gateway.url)
    return figures.get('kopia_backup_status')?.length === sources ? figures : undefined
  })
  for (const number of [0, 4711, sources - 1]) {
    const { status, snapshots, sizeBytes, lastSuccessAt } = figuresIn(onGateway, `/data/source-${number}`)
    const { latest, daily, all } = snapshots
    assert.deepEqual([status, sizeBytes], [1, 1000 + number])
    assert.deepEqual([latest, daily, all], [snapshotsEach, snapshotsEach, snapshotsEach])
    const endedAt = firstSnapshotAt + (snapshotsEach - 1) * 3600 + number / 100 + 2
    assert.equal(lastSuccessAt?.toFixed(2), endedAt.toFixed(2))
  }
  const counts = onGateway.get('kopia_snapshot_count')?.filter(({ labels }) => labels.type === 'all') ?? []
  assert.equal(
    counts.reduce((sum, { value }) => sum + value, 0),
    sources * snapshotsEach,
  )
  assert.deepEqual(await figures(agent.url, 'kopia_agent_repository_reachable'), [1])
})

test('1,000 logs from before the start are counted once each, and so is the next backup', async (context) => {
  const lab = await createLab(context)
  const path = await lab.makeSource('photos')
  const before = await lab.startAgent()
  const script = await breakAction(lab, path)
  assert.equal((await lab.kopia.run('snapshot', 'create', path)).exitCode, 1)
  await figuresAfter(before, path, 1)
  await before.stop()
  await copyLog(lab, 1000)
  const agent = await lab.startAgent()
  const { status, attempts } = await figuresAfter(lab.gateway, path, 1001)
  assert.deepEqual([status, attempts.failed], [0, 1001])
  await writeFile(script, '#!/bin/sh\n')
  await lab.kopia.must('snapshot', 'create', path)
  const after = await figuresAfter(lab.gateway, path, 1002)
  assert.deepEqual([after.status, after.attempts.failed, after.attempts.success], [1, 1001, 1])
  assert.doesNotMatch(agent.output(), /ERROR/)
})

/** Copies the log of a failed run, as if `count` further processes had failed in the same way, one per second. */
async function copyLog(lab: Lab, count: number): Promise<void> {
  const cliLogs = join(lab.kopia.logDirectory, 'cli-logs')
  const [name] = (await readdir(cliLogs)).filter((each) => /-snapshot-create\.\d+\.log$/.test(each))
  assert.ok(name !== undefined)
  const text = await readFile(join(cliLogs, name), 'utf8')
  for (let index = 0; index < count; index += 1) {
    const time = new Date(Date.UTC(2026, 0, 1) + index * 1000).toISOString().slice(11, 19).replaceAll(':', '')
    await writeFile(join(cliLogs, `kopia-20260101-${time}-${100_000 + index}-snapshot-create.0.log`), text)
  }
}

test('the backups of 20 Kopia processes at once are counted once each', async (context) => {
  const lab = await createLab(context)
  await lab.startAgent()
  const paths = await makeSources(lab, 20)
  await backUpAtOnce(
    lab,
    paths.map((path) => [path]),
  )
  await assertCountedOnce(lab, paths)
})

test('200 hook events of 100 backups without logs are counted once each', async (context) => {
  const lab = await createLab(context)
  await installHooks(lab.kopia, '--global')
  const before = await lab.startAgent()
  await before.stop()
  const paths = await makeSources(lab, 100)
  const shares = Array.from({ length: 20 }, (_, share) => paths.slice(share * 5, share * 5 + 5))
  await backUpAtOnce(lab, shares, '--disable-file-logging')
  assert.equal((await readdir(lab.spool)).filter((name) => name.endsWith('.event')).length, 200)
  await lab.startAgent()
  await assertCountedOnce(lab, paths)
  await waitFor('the spool is empty', async () => (await readdir(lab.spool)).length === 0 || undefined)
})

function makeSources(lab: Lab, count: number): Promise<readonly string[]> {
  return Promise.all(Array.from({ length: count }, (_, number) => lab.makeSource(`source-${number}`)))
}

/** Starts one process for each list of sources, all at the same time. */
async function backUpAtOnce(
  lab: Lab,
  shares: readonly (readonly string[])[],
  ...flags: readonly string[]
): Promise<void> {
  const processes = shares.map((paths) => lab.kopia.start('snapshot', 'create', ...flags, ...paths))
  for (const { ended, output } of processes) assert.equal(await ended, 0, output())
}

async function assertCountedOnce(lab: Lab, paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    const { status, attempts, snapshots } = await figuresAfter(lab.gateway, path, 1)
    assert.deepEqual([path, status, attempts.success, attempts.failed, snapshots.all], [path, 1, 1, 0, 1])
  }
}

test('a Kopia that hangs is killed at its time limit, reported and counted, never called twice at once, and recovers', async (context) => {
  const lab = await createLab(context)
  const path = await lab.makeSource('photos')
  await lab.kopia.must('snapshot', 'create', path)
  const agent = await lab.startAgent({
    KOPIA_METRICS_KOPIA_BIN: await makeHangingKopia(lab, context),
    KOPIA_METRICS_KOPIA_TIMEOUT: '5s',
    KOPIA_METRICS_REFRESH_SCHEDULE: everySecond,
  })
  assert.match(
    agent.output(),
    /Kopia can't be asked, .*: kopia repository status: no answer within 5 s, it was ended/,
  )
  assert.deepEqual(await figures(agent.url, 'kopia_agent_repository_reachable'), [0])
  const [failed] = await figures(agent.url, 'kopia_agent_kopia_calls_total', {
    command: 'snapshot list',
    result: 'failed',
  })
  assert.ok(failed !== undefined && failed >= 1)
  await waitFor('Kopia was called several times', async () => (await hungCalls(lab)).length >= 6 || undefined)
  assert.deepEqual(
    (await hungCalls(lab)).filter((line) => line.includes('beside')),
    [],
  )
  await writeFile(join(lab.folder, 'answers'), '')
  await waitFor(
    'Kopia answers',
    async () => (await figures(agent.url, 'kopia_agent_repository_reachable'))[0] === 1 || undefined,
  )
  assert.match(agent.output(), /Kopia answers again/)
  await lab.kopia.must('snapshot', 'create', path)
  assert.equal((await figuresAfter(lab.gateway, path, 1)).status, 1)
})

/** Creates a Kopia that hangs until a file called `answers` exists, and then works. */
async function makeHangingKopia(lab: Lab, context: TestContext): Promise<string> {
  const binary = join(lab.folder, 'hanging-kopia')
  const script = `#!/bin/sh
cd '${lab.folder}' || exit
touch hung
if ! [ -e answers ]; then
  while read -r before _; do kill -0 "$before" 2>/dev/null && others="beside $before"; done <hung
  echo "$$ \${others:-}" >>hung
  exec sleep 3600
fi
exec '${tool('kopia')}' "$@"
`
  await writeFile(binary, script, { mode: 0o755 })
  cleanUpAfter(context, async () => {
    const alive = (await hungCalls(lab)).filter((line) => isAlive(Number.parseInt(line, 10)))
    assert.deepEqual(alive, [])
  })
  return binary
}

/** Reads the ids of the processes that hung, each with the id of another that hung at the same time, if there was one. */
async function hungCalls(lab: Lab): Promise<readonly string[]> {
  return (await readFile(join(lab.folder, 'hung'), 'utf8')).trim().split('\n')
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

async function figures(
  url: string,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): Promise<readonly number[]> {
  const series = (await scrape(url)).get(name) ?? []
  return series
    .filter((each) => Object.entries(labels).every(([label, value]) => each.labels[label] === value))
    .map(({ value }) => value)
}
