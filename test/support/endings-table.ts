// Tests every way in which a backup can end, in a setup, for each form of Kopia's log, with and without hooks.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { Ending } from './endings.ts'
import { type Selection, type Table, tablesOf } from './endings-selection.ts'
import { hooks } from './kopia.ts'
import { createLab, figuresAfter, figuresIn, type Lab, type SourceFigures } from './lab.ts'
import { type Series, scrape } from './prometheus.ts'
import { plain } from './setups/setups.ts'
import type { Service } from './stack.ts'
import { waitFor } from './wait.ts'

/** Backups mostly wait, for Kopia's start and for the agent: so many of one table run at a time. */
const backupsAtATime = 3

/** Registers the tests of the table, for the Kopia that tools/fetch.sh provides. All that is not selected is tested. */
export function testEndings(selection: Selection = {}): void {
  for (const table of tablesOf(selection)) {
    const prefix = table.setup === plain ? '' : `${table.setup.name}: `
    const options = { concurrency: backupsAtATime, skip: table.setup.skip ?? false }
    test(`${prefix}${table.form}, ${table.hooks}`, options, (context) => testTable(context, table))
  }
}

type Row = { readonly ending: Ending; readonly path: string }

async function testTable(context: TestContext, table: Table): Promise<void> {
  const { lab, disturb = async () => undefined } = await table.setup.enter(context, await createLab(context))
  if (table.hooks === 'with hooks') await installHooksForAll(lab)
  const rows = await Promise.all(
    table.endings.map(async (ending, index): Promise<Row> => {
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
  const paths = [bystander, ...rows.map(({ path }) => path)]
  const idle: IdleSources = new Map(paths.map((path) => [path, figuresIn(first, path)]))
  assert.equal(idle.get(bystander)?.status, 1)
  await disturb(paths)
  await Promise.all([
    disturb(paths),
    ...rows.map((row) =>
      context.test(`${row.ending.name}: ${row.ending.outcome}`, async (rowContext) => {
        const before = idle.get(row.path)
        idle.delete(row.path)
        idle.set(row.path, await testRow(rowContext, lab, agent, row, table, before?.lastSuccessAt))
        await assertUnchanged(lab.gateway, idle)
      }),
    ),
  ])
  assert.equal(idle.size, paths.length)
  await disturb(paths)
  idle.delete(bystander)
  await testGoodEnd(lab, bystander, table)
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
  { setup, flags }: Table,
  lastSuccessBefore: number | undefined,
): Promise<SourceFigures> {
  const startedAt = Date.now() / 1000
  const { exitCode, output } = await ending.backUp({ lab, agent, path, flags })
  const exitedAt = Date.now()
  assert.equal(exitCode, ending.exitCode, output)
  if (setup.isShownByNextRun(ending)) return testNextRun(lab, { ending, path }, flags)
  const figures = await figuresAfter(lab.gateway, path, 1)
  context.diagnostic(`right on the gateway ${Date.now() - exitedAt} ms after the process ended`)
  assert.equal(figures.status, ending.outcome === 'success' ? 1 : 0)
  assert.deepEqual(figures.durations, [ending.outcome])
  assert.deepEqual(figures.attempts, { ...noAttempts, [ending.outcome]: 1 })
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

const noAttempts = { success: 0, failed: 0, incomplete: 0 } as const

/** Takes a good backup after one whose end was not to be seen: then both are counted. */
async function testNextRun(
  lab: Lab,
  { ending, path }: Row,
  flags: readonly string[],
): Promise<SourceFigures> {
  await ending.repair?.(path)
  const { exitCode, output } = await lab.kopia.runUnprivileged('snapshot', 'create', ...flags, path)
  assert.equal(exitCode, 0, output)
  const figures = await figuresAfter(lab.gateway, path, 2)
  assert.deepEqual(figures.attempts, { ...noAttempts, success: 1, [ending.outcome]: 1 })
  assert.deepEqual([figures.status, figures.durations], [1, ['success']])
  assert.equal(figures.snapshots.all ?? 0, ending.snapshots + 1)
  assert.equal(figures.runningSince, undefined)
  assert.equal(figures.lastSuccessAt, figures.lastAttemptAt)
  return figures
}

/** Takes a good backup as the last one, which also shows that the agent has read all that came before. */
async function testGoodEnd(lab: Lab, path: string, { setup, form, flags }: Table): Promise<void> {
  const { exitCode, output } = await lab.kopia.runUnprivileged('snapshot', 'create', ...flags, path)
  assert.equal(exitCode, 0, output)
  const figures = await figuresAfter(lab.gateway, path, 1)
  assert.deepEqual([figures.status, figures.attempts], [1, { ...noAttempts, success: 1 }])
  if (!setup.isGoodEndShown || form === 'no logs') return
  await waitFor('the last command counts as a good one', async () =>
    commandStatusIn(await scrape(lab.gateway.url)) === 1 ? true : undefined,
  )
}

function commandStatusIn(all: ReadonlyMap<string, readonly Series[]>): number | undefined {
  return all.get('kopia_command_status')?.find(({ labels }) => labels.command === 'snapshot create')?.value
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
