// A machine that loses its power during a backup and comes back days later: the run ended when its log last grew.

import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { createLab, figuresAfter, figuresOf } from '../../support/lab.ts'
import { addGate, begin } from '../../support/setups/gate.ts'
import { noAttempts } from '../../support/setups/series.ts'
import { startServer, upload } from '../../support/setups/server.ts'
import { projectFolder } from '../../support/tools.ts'
import { waitFor } from '../../support/wait.ts'

const awaySeconds = 62 * 3600
const slackSeconds = 10

for (const by of ['command', 'server'] as const) {
  test(`the power fails during a backup by a ${by}, and comes back after 62 hours`, async (context) => {
    const lab = await createLab(context)
    const path = await lab.makeSource('photos')
    await lab.kopia.must('snapshot', 'create', path)
    const agent = await lab.startAgent()
    const begunAt = Date.now() / 1000
    const gate = await addGate(context, lab.kopia, path)
    const kopia =
      by === 'command'
        ? begin(context, lab.kopia, 'snapshot', 'create', path)
        : await startServer(context, lab.kopia).then(async (server) => {
            await upload(server, path)
            return server.running
          })
    await gate.reached()
    await waitFor('the source runs', async () => (await figuresOf(lab.gateway, path)).runningSince)
    for (const { child } of [agent, kopia]) child.kill('SIGKILL')
    await gate.open()
    await Promise.all([agent.ended, kopia.ended])
    const endedAt = Date.now() / 1000

    const clock = join(lab.folder, 'clock')
    await writeFile(clock, `${awaySeconds}`)
    const loader = join(projectFolder, 'test/support/clock.ts')
    await lab.startAgent({ NODE_OPTIONS: `--import=${loader}`, TEST_CLOCK_FILE: clock })
    const figures = await figuresAfter(lab.gateway, path, 1)
    assert.deepEqual(
      [figures.status, figures.attempts, figures.runningSince],
      [0, { ...noAttempts, failed: 1 }, undefined],
    )
    const { lastAttemptAt = 0, durationSeconds = -1 } = figures
    // A process goes on for a moment after its last line.
    const lateSeconds = lastAttemptAt - endedAt
    assert.ok(lateSeconds < slackSeconds, `ended ${lateSeconds} s after the power failed`)
    const longest = endedAt - begunAt + slackSeconds
    assert.ok(durationSeconds >= 0 && durationSeconds < longest, `took ${durationSeconds} s`)
  })
}
