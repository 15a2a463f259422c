// `verify` gives way to backups, runs once at a time, and leaves nothing however it ends.

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { runAgentCommand, settingsOf } from '../support/agent-command.ts'
import { cleanUpAfter } from '../support/cleanup.ts'
import { holdKopia, kopiaProcessesOf } from '../support/held-kopia.ts'
import { createLab, type Lab } from '../support/lab.ts'
import { type Running, start } from '../support/processes.ts'
import { createRandom } from '../support/random.ts'
import { addGate, begin } from '../support/setups/gate.ts'
import { agentEntry } from '../support/stack.ts'
import { surviveVerifyKills } from '../support/verify-kills.ts'
import { leftovers, resultFiles, sourcesIn, verdictOf, verify } from '../support/verifying.ts'
import { waitFor } from '../support/wait.ts'

function startVerify(
  context: TestContext,
  lab: Lab,
  more: NodeJS.ProcessEnv = {},
  ...flags: string[]
): Running {
  const environment = { ...settingsOf(lab), ...more }
  const running = start('verify', process.execPath, [agentEntry, 'verify', ...flags], { environment })
  cleanUpAfter(context, () => running.stop('SIGKILL'))
  return running
}

test('a backup runs: verify waits and says so; a signal ends the wait, the end of the backup goes on with it', async (context) => {
  const lab = await createLab(context)
  const path = await lab.makeSource('photos')
  await lab.kopia.must('snapshot', 'create', path)
  const gate = await addGate(context, lab.kopia, path)
  const backup = begin(context, lab.kopia, 'snapshot', 'create', path)
  await gate.reached()
  const stopped = startVerify(context, lab)
  const says = (running: Running) =>
    waitFor('verify says that it waits', () => running.output().includes('A backup is running') || undefined)
  await says(stopped)
  assert.equal(await stopped.stop('SIGTERM'), 1)
  assert.match(stopped.output(), /ended before all sources were verified/)
  assert.deepEqual([await leftovers(lab), await resultFiles(lab)], [[], []])

  const second = startVerify(context, lab)
  await says(second)
  await gate.open()
  assert.equal(await backup.ended, 0, backup.output())
  assert.equal(await second.ended, 0, second.output())
  assert.match(second.output(), /✓ .*photos/)
})

test('a backup that begins ends the verification, which is repeated afterwards', async (context) => {
  const lab = await createLab(context)
  const path = await lab.makeSource('photos')
  await lab.kopia.must('snapshot', 'create', path)
  const gate = await addGate(context, lab.kopia, path)
  const held = await holdKopia(context, lab, 'snapshot verify')
  const verifying = startVerify(context, lab, { KOPIA_METRICS_KOPIA_BIN: held.program }, '--json')
  await held.reached()
  const backup = begin(context, lab.kopia, 'snapshot', 'create', path)
  await gate.reached()
  await waitFor("Kopia's verification has ended", () =>
    kopiaProcessesOf(lab).length === 0 ? true : undefined,
  )
  assert.equal(backup.child.exitCode, null)
  assert.deepEqual(await resultFiles(lab), [])
  await held.release()
  await gate.open()
  assert.equal(await backup.ended, 0, backup.output())
  assert.equal(await verifying.ended, 0, verifying.output())
  assert.deepEqual(
    sourcesIn(verifying.output()).map(({ outcome }) => outcome),
    ['proven'],
  )
})

test('two at once: the second names the first and ends with 1; a signal ends the first at once', async (context) => {
  const lab = await createLab(context)
  await lab.kopia.must('snapshot', 'create', await lab.makeSource('photos'))
  const held = await holdKopia(context, lab, 'snapshot verify')
  const first = startVerify(context, lab, { KOPIA_METRICS_KOPIA_BIN: held.program })
  await held.reached()
  const second = await runAgentCommand(lab, 'verify')
  assert.equal(second.exitCode, 1)
  assert.match(
    second.output,
    new RegExp(`the process ${first.child.pid} verifies already; wait until it has ended\n$`),
  )
  assert.equal(await first.stop('SIGTERM'), 1, first.output())
  assert.deepEqual([await leftovers(lab), await resultFiles(lab), kopiaProcessesOf(lab)], [[], [], []])
})

test('what a run left that was killed while it restored and wrote is removed by push and by verify', async (context) => {
  const lab = await createLab(context)
  await lab.kopia.must('snapshot', 'create', await lab.makeSource('photos'))
  const results = join(lab.stateDirectory, 'verify', 'results')
  await mkdir(results, { recursive: true, mode: 0o700 })
  for (const command of ['push', 'verify']) {
    const held = await holdKopia(context, lab, 'restore')
    const killed = startVerify(context, lab, { KOPIA_METRICS_KOPIA_BIN: held.program })
    await held.reached()
    const unfinished = join(results, 'half.part')
    await writeFile(unfinished, '{"version":')
    assert.equal(await killed.stop('SIGKILL'), 'SIGKILL')
    await waitFor('no Kopia goes on', () => (kopiaProcessesOf(lab).length === 0 ? true : undefined))
    assert.ok((await leftovers(lab)).includes('work'))
    const next = await runAgentCommand(lab, command)
    assert.equal(next.exitCode, 0, next.output)
    assert.deepEqual(await leftovers(lab), [])
    assert.ok(!(await resultFiles(lab)).includes('half.part'))
  }
})

test('killed at random moments: the next start leaves nothing of it, and each result counts once', async (context) => {
  const lab = await createLab(context)
  const path = await lab.makeSource('photos')
  await writeFile(join(path, 'random'), randomBytes(100_000))
  await lab.kopia.must('snapshot', 'create', path)
  const kills = { count: 4, random: createRandom(18) }
  context.diagnostic(`killed ${await surviveVerifyKills(context, lab, path, kills)} times`)
  assert.deepEqual(verdictOf(await verify(lab)), [0, 'proven'])
})
