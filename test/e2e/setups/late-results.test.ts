// When a backup is done: not before Kopia has written it, which is once for all sources of a run, and not only after maintenance.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLab, figuresAfter, figuresOf } from '../../support/lab.ts'
import { addGate, begin } from '../../support/setups/gate.ts'
import { noAttempts, waitForValue } from '../../support/setups/series.ts'
import { limitWrites, makeMaintenanceDue } from '../../support/setups/slow-maintenance.ts'
import { waitFor } from '../../support/wait.ts'

test('the result is there while the same process goes on with maintenance', async (context) => {
  const lab = await createLab(context)
  const path = await lab.makeSource('photos')
  await makeMaintenanceDue(lab.kopia)
  const agent = await lab.startAgent()
  await limitWrites(lab.kopia, 1)
  const backup = begin(context, lab.kopia, 'snapshot', 'create', path)
  await waitFor('maintenance begins', () => backup.output().includes('Running full maintenance') || undefined)
  // It holds the process as maintenance of hours does: nothing more comes into the log, and it does not end.
  backup.child.kill('SIGSTOP')
  const { status, attempts, runningSince, snapshots } = await figuresAfter(lab.gateway, path, 1)
  assert.deepEqual(
    [status, attempts, runningSince, snapshots.all],
    [1, { ...noAttempts, success: 1 }, undefined, 1],
  )
  await limitWrites(lab.kopia, 'unlimited')
  backup.child.kill('SIGCONT')
  assert.equal(await backup.ended, 0, backup.output())
  await waitForValue(lab.gateway, 1, 'kopia_command_status', { command: 'snapshot create' })
  assert.deepEqual((await figuresOf(lab.gateway, path)).attempts, { ...noAttempts, success: 1 })
  assert.doesNotMatch(agent.output(), /fail/i)
})

test('the process is killed during maintenance: the source is good, and the command is not', async (context) => {
  const lab = await createLab(context)
  const path = await lab.makeSource('photos')
  await makeMaintenanceDue(lab.kopia)
  await lab.startAgent()
  await limitWrites(lab.kopia, 1)
  const backup = begin(context, lab.kopia, 'snapshot', 'create', path)
  await waitFor('maintenance begins', () => backup.output().includes('Running full maintenance') || undefined)
  backup.child.kill('SIGSTOP')
  await figuresAfter(lab.gateway, path, 1)
  await backup.stop('SIGKILL')
  await waitForValue(lab.gateway, 0, 'kopia_command_status', { command: 'snapshot create' })
  const { status, attempts } = await figuresOf(lab.gateway, path)
  assert.deepEqual([status, attempts], [1, { ...noAttempts, success: 1 }])
})

for (const ending of ['killed', 'released'] as const) {
  test(`several sources in one run: the first is not done before the process is (${ending})`, async (context) => {
    const lab = await createLab(context)
    const names = ['first', 'second', 'third'] as const
    const [first = '', second = '', third = ''] = await Promise.all(names.map(lab.makeSource))
    await lab.startAgent()
    const gate = await addGate(context, lab.kopia, second)
    const backup = begin(context, lab.kopia, 'snapshot', 'create', first, second, third)
    await gate.reached()
    assert.match(backup.output(), /Created snapshot/)
    const secondSince = await waitFor(
      'the second source runs',
      async () => (await figuresOf(lab.gateway, second)).runningSince,
    )
    const running = await figuresOf(lab.gateway, first)
    assert.ok((running.runningSince ?? secondSince) < secondSince, `first since ${running.runningSince}`)
    assert.deepEqual(running.attempts, noAttempts)
    assert.deepEqual((await figuresOf(lab.gateway, third)).attempts, {})

    if (ending === 'killed') backup.child.kill('SIGKILL')
    await gate.open()
    await backup.ended
    const outcome = ending === 'killed' ? 'failed' : 'success'
    const sources = ending === 'killed' ? [first, second] : [first, second, third]
    for (const path of sources) {
      const { status, attempts, runningSince } = await figuresAfter(lab.gateway, path, 1)
      assert.deepEqual(
        [status, attempts, runningSince],
        [ending === 'killed' ? 0 : 1, { ...noAttempts, [outcome]: 1 }, undefined],
        path,
      )
    }
    // Kopia had not come to it.
    if (ending === 'killed') assert.equal((await figuresOf(lab.gateway, third)).status, undefined)
    // The sources are settled at the flush, the command once its process has ended.
    const command = { command: 'snapshot create' }
    await waitForValue(lab.gateway, ending === 'killed' ? 0 : 1, 'kopia_command_status', command)
  })
}
