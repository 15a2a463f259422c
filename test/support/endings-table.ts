// Every way to end × how Kopia logs × hooks: the right value on a real Pushgateway, and nothing else changed.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Ending, endings } from './endings.ts'
import { hooks } from './kopia.ts'
import { createLab, figuresAfter, figuresOf, type Lab } from './lab.ts'
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

async function installHooksForAll(lab: Lab): Promise<void> {
  const actions = [
    `--before-snapshot-root-action=${hooks.before}`,
    `--after-snapshot-root-action=${hooks.after}`,
  ]
  await lab.kopia.must('policy', 'set', '--global', '--action-command-mode=optional', ...actions)
}

/** What the gateway holds of the other sources. */
async function neighbours(gateway: Service, paths: readonly string[]) {
  return Promise.all(paths.map((path) => figuresOf(gateway, path)))
}

/** Registers the table's tests, for the Kopia that tools/fetch.sh gives. */
export function testEndings(): void {
  for (const [name, flags] of Object.entries(logs)) {
    for (const withHooks of [false, true]) {
      const isSilent = flags.includes('--disable-file-logging')
      if (isSilent && !withHooks) continue
      const rows = endings.filter((ending) => !isSilent || ending.isToldByHooks)
      test(`${name}, ${withHooks ? 'with' : 'without'} hooks`, async (context) => {
        const lab = await createLab(context)
        if (withHooks) await installHooksForAll(lab)
        const sources = new Map<Ending, string>()
        for (const ending of rows) {
          const path = await lab.makeSource(`source-${sources.size}`)
          sources.set(ending, path)
          await ending.prepare(lab, path)
        }
        const agent = await lab.startAgent()
        await waitFor('the first push', async () =>
          (await scrape(lab.gateway.url)).get('kopia_agent_build_info'),
        )
        for (const ending of rows) {
          const path = sources.get(ending) ?? ''
          await context.test(`${ending.name}: ${ending.outcome}`, async (row) => {
            const others = [...sources.values()].filter((other) => other !== path)
            const before = await neighbours(lab.gateway, others)
            const startedAt = Date.now() / 1000
            const { exitCode, output } = await ending.backUp({ lab, agent, path, flags })
            const exitedAt = Date.now()
            assert.equal(exitCode, ending.exitCode, output)
            const figures = await figuresAfter(lab.gateway, path, 1)
            row.diagnostic(`right on the gateway ${Date.now() - exitedAt} ms after the process ended`)
            assert.equal(figures.status, ending.outcome === 'success' ? 1 : 0)
            assert.deepEqual(figures.durations, [ending.outcome])
            assert.deepEqual(figures.attempts, { success: 0, failed: 0, incomplete: 0, [ending.outcome]: 1 })
            assert.equal(figures.snapshots.all ?? 0, ending.snapshots)
            assert.equal(figures.runningSince, undefined)
            const { lastAttemptAt = 0, durationSeconds = -1 } = figures
            const now = Date.now() / 1000
            assert.ok(
              lastAttemptAt >= startedAt - 0.01 && lastAttemptAt <= now,
              `last attempt at ${lastAttemptAt}`,
            )
            assert.ok(durationSeconds >= 0 && durationSeconds <= now - startedAt, `took ${durationSeconds} s`)
            if (ending.outcome === 'success') assert.equal(figures.lastSuccessAt, lastAttemptAt)
            assert.deepEqual(await neighbours(lab.gateway, others), before)
          })
        }
      })
    }
  }
}
