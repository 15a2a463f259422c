// The effective policies that the agent works out against those that a real Kopia reports.

import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { createKopia } from '../../../agent/kopia/cli/client.ts'
import { effectivePolicyFor, parsePolicies } from '../../../agent/kopia/cli/policies.ts'
import { formatSource } from '../../../agent/kopia/source.ts'
import { temporaryFolder } from '../../support/folder.ts'
import { createKopiaLab } from '../../support/kopia.ts'
import { tool } from '../../support/tools.ts'

const at = (hour: number) => [{ hour, min: 0 }]

/** The global interval is longer than all others, so that each of them shows. */
const definitions = {
  '(global)': { scheduling: { intervalSeconds: 500_000, timeOfDay: at(12) } },
  '@nas': {
    scheduling: { timeOfDay: at(6), runMissed: false },
    retention: { ignoreIdenticalSnapshots: true },
  },
  'me@nas': { scheduling: { cron: ['0 0 * * 1'] } },
  '@laptop': { scheduling: { manual: true } },
  'me@nas:/data': { scheduling: { intervalSeconds: 10_000 } },
  'me@nas:/data/own time': { scheduling: { timeOfDay: at(18) } },
  'me@nas:/cron': { scheduling: { cron: ['0 3 * * *', '30 3 * * *'], runMissed: true } },
  'me@nas:/no parents': { noParent: true, scheduling: { timeOfDay: at(1) } },
  'me@nas:/own times only': {
    scheduling: { noParentTimeOfDay: true, timeOfDay: at(1), intervalSeconds: 90_000 },
  },
  'me@nas:/changes': { retention: { ignoreIdenticalSnapshots: false } },
  'me@laptop:/data': { scheduling: { intervalSeconds: 60 } },
  'me@windows:C:\\': { scheduling: { intervalSeconds: 100 } },
  'me@windows:C:\\Users': { scheduling: { intervalSeconds: 200 } },
  'me@windows:D:/': { scheduling: { intervalSeconds: 300 } },
  'me@windows:\\\\server\\share': { scheduling: { intervalSeconds: 400 } },
}

const hour = 3600

/** Host, path, and the interval that all policies together give. */
const sources = [
  ['nas', '/elsewhere', 18 * hour],
  ['nas', '/data/deep/below', 10_000],
  ['nas', '/data/own time', 10_000],
  ['nas', '/cron', 15 * hour],
  ['nas', '/no parents', 24 * hour],
  ['nas', '/no parents/below', 24 * hour],
  ['nas', '/own times only', 24 * hour],
  ['nas', '/changes', 18 * hour],
  ['laptop', '/data', undefined],
  ['other', '/data', 24 * hour],
  ['windows', 'C:\\Users\\me\\Documents', 200],
  ['windows', 'C:\\Users2', 100],
  ['windows', 'C:\\', 100],
  ['windows', 'C:', 24 * hour],
  ['windows', 'D:/data\\mixed', 300],
  ['windows', '\\\\server\\share\\data', 400],
  ['windows', '\\\\server\\other', 24 * hour],
] as const

test('policies are merged as Kopia merges them', async (context) => {
  const folder = await temporaryFolder(context)
  const lab = await createKopiaLab(folder, join(folder, 'state'))
  const kopia = createKopia({
    binary: tool('kopia'),
    configPath: lab.environment.KOPIA_CONFIG_PATH ?? '',
    password: lab.environment.KOPIA_PASSWORD ?? '',
    logDirectory: lab.logDirectory,
    ownLogDirectory: join(folder, 'kopia-logs'),
    signal: context.signal,
    onCall: () => undefined,
    timeLimitMs: undefined,
  })
  const file = join(folder, 'policies.json')
  await writeFile(file, JSON.stringify(definitions))
  await lab.must('policy', 'import', `--from-file=${file}`)
  const policies = await kopia.policies()
  assert.ok(policies.ok)
  assert.equal(policies.value.length, Object.keys(definitions).length)
  for (const [host, path, intervalSeconds] of sources) {
    const source = { user: 'me', host, path }
    const merged = await kopia.effectivePolicy(formatSource(source))
    assert.ok(merged.ok)
    const effective = effectivePolicyFor(policies.value, source)
    // Kopia's own merge as the only policy there is.
    assert.deepEqual(effective, effectivePolicyFor(parsePolicies([merged.value]), source), path)
    assert.equal(effective.intervalSeconds, intervalSeconds, path)
    const runsMissed = host !== 'nas' || path === '/cron' || path.startsWith('/no parents')
    if (effective.schedule !== undefined) assert.equal(effective.schedule.runsMissed, runsMissed, path)
  }
})
