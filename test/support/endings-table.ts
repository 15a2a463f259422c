// Tests every way in which a backup can end, for each form of Kopia's log, with and without hooks, on a real Pushgateway.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { type Ending, endings } from './endings.ts'
import { hooks } from './kopia.ts'
import { createLab, figuresAfter, figuresIn, type Lab, type SourceFigures } from './lab.ts'
import { scrape } from './prometheus.ts'
import type { Service } from './stack.ts'
import { waitFor } from './wait.ts'

const logs: Readonly<Record<string, readonly string[]>> = {
  'text logs': [],
  'JSON logs': ['--json-log-file'],
  'text logs at level info': ['--file-log-level=info'],
  'JSON logs at level info': ['--json-log-file', '--file-log-level=info'],
  'text logs, --json': ['--json'],
  'JSON logs at level info, --json': ['--json-log-file', '--file-log-level=info', '--json'],
  'no logs': ['--disable-file-logging'],
}

/** Backups mostly wait, for Kopia's start and for the agent: so many of one table run at a time. */
const backupsAtATime = 3

/** Registers the tests of the table, for the Kopia that tools/fetch.sh provides. */
export function testEndings(): void {
  for (const [name, flags] of Object.entries(logs)) {
    for (const withHooks of [false, true]) {
      const isSilent = flags.includes('--disable-file-logging')
      if (isSilent && !withHooks) continue
      const rows = endings.filter((ending) => !isSilent || ending.isShownByHooks)
      test(`${name}, ${withHooks ? 'with' : 'without'} hooks`, { concurrency: backupsAtATime }, (context) =>
        testTable(context, rows, flags, withHooks),
      )
    }
  }
}

type Row = { readonly ending: Ending; readonly path: string }

async function testTable(
  context: TestContext,
  endingsOfRows: readonly Ending[],
  flags: readonly string[],
  withHooks: boolean,
): Promise<void> {
  const lab = await createLab(context)
  if (withHooks) await installHooksForAll(lab)
  const rows = await Promise.all(
    endingsOfRows.map(async (ending, index): Promise<Row> => {
      const path = await lab.makeSource(`source-${index}`)
      await ending.prepare(lab, path)
      return { ending, path }
    }),
  )
  const bystander = await lab.makeSource('bystander')
  await lab.kopia.must('snapshot', 'create', bystander)
  const agent = await lab.startAgent()
  const first = await waitFor('the first push', async () => {
    const all = await scrape(lab.gateway.url)
    return all.has('kopia_agent_build_info') ? all : undefined
  })
  const idle: IdleSources = new Map(
    [bystander, ...rows.map(({ path }) => path)].map((path) => [path, figuresIn(first, path)]),
  )
  assert.equal(idle.get(bystander)?.status, 1)
  await Promise.all(
    rows.map((row) =>
      context.test(`${row.ending.name}: ${row.ending.outcome}`, async (rowContext) => {
        const before = idle.get(row.path)
        idle.delete(row.path)
        idle.set(row.path, await testRow(rowContext, lab, agent, row, flags, before?.lastSuccessAt))
        await assertUnchanged(lab.gateway, idle)
      }),
    ),
  )
  assert.equal(idle.size, 1 + rows.length)
  await assertUnchanged(lab.gateway, idle)
}

async function installHooksForAll(lab: Lab): Promise<void> {
  const actions = [
    `--before-snapshot-root-action=${hooks.before}`,
    `--after-snapshot-root-action=${hooks.after}`,
  ]
  await lab.kopia.must('policy', 'set', '--global', '--action-command-mode=optional', ...actions)
}

/** Takes the backup of a row, and resolves with the figures of its source once they are right. */
async function testRow(
  context: TestContext,
  lab: Lab,
  agent: Service,
  { ending, path }: Row,
  flags: readonly string[],
  lastSuccessBefore: number | undefined,
): Promise<SourceFigures> {
  const startedAt = Date.now() / 1000
  const { exitCode, output } = await ending.backUp({ lab, agent, path, flags })
  const exitedAt = Date.now()
  assert.equal(exitCode, ending.exitCode, output)
  const figures = await figuresAfter(lab.gateway, path, 1)
  context.diagnostic(`right on the gateway ${Date.now() - exitedAt} ms after the process ended`)
  assert.equal(figures.status, ending.outcome === 'success' ? 1 : 0)
  assert.deepEqual(figures.durations, [ending.outcome])
  assert.deepEqual(figures.attempts, { success: 0, failed: 0, incomplete: 0, [ending.outcome]: 1 })
  assert.equal(figures.snapshots.all ?? 0, ending.snapshots)
  if (ending.sizeBytes !== undefined) assert.equal(figures.sizeBytes, ending.sizeBytes)
  assert.equal(figures.runningSince, undefined)
  const { lastAttemptAt = 0, durationSeconds = -1 } = figures
  const now = Date.now() / 1000
  assert.ok(lastAttemptAt >= startedAt - 0.01 && lastAttemptAt <= now, `last attempt at ${lastAttemptAt}`)
  assert.ok(durationSeconds >= 0 && durationSeconds <= now - startedAt, `took ${durationSeconds} s`)
  assert.equal(figures.lastSuccessAt, ending.outcome === 'success' ? lastAttemptAt : lastSuccessBefore)
  return figures
}

/** The figures of every source that is not being backed up. */
type IdleSources = Map<string, SourceFigures>

/** A backup must not change the figures of any other source. */
async function assertUnchanged(gateway: Service, idle: IdleSources): Promise<void> {
  const expected = new Map(idle)
  const all = await scrape(gateway.url)
  for (const [path, figures] of expected) {
    // Skip sources whose own backup began or ended during the scrape.
    if (idle.get(path) === figures) assert.deepEqual(figuresIn(all, path), figures, path)
  }
}
