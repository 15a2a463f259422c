// `verify` on a disk that is full: it says so, proves nothing, and leaves nothing.

import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { settingsOf } from '../support/agent-command.ts'
import { cleanUpAfter } from '../support/cleanup.ts'
import { holdKopia } from '../support/held-kopia.ts'
import { createLab, type Lab } from '../support/lab.ts'
import { start } from '../support/processes.ts'
import { agentEntry } from '../support/stack.ts'
import { leftovers, verdictOf, verify } from '../support/verifying.ts'

const noMount = 'this user may not mount a file system'

/** A state directory on a small file system; false where this user may not mount one. */
async function mountSmallState(context: TestContext, lab: Lab, mebibytes: number): Promise<boolean> {
  await mkdir(lab.stateDirectory, { recursive: true, mode: 0o700 })
  const size = `mode=700,size=${mebibytes}m`
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', size, 'tmpfs', lab.stateDirectory])
  if (status === 0) cleanUpAfter(context, () => execFileSync('umount', [lab.stateDirectory]))
  return status === 0
}

/** Leaves not one byte. */
function fillUp(lab: Lab): void {
  spawnSync('dd', ['if=/dev/zero', `of=${join(lab.stateDirectory, 'other')}`, 'bs=64k'])
  spawnSync('dd', ['if=/dev/zero', `of=${join(lab.stateDirectory, 'rest')}`, 'bs=1'])
}

async function labWithSnapshot(context: TestContext): Promise<Lab> {
  const lab = await createLab(context)
  const path = await lab.makeSource('photos')
  await writeFile(join(path, 'random'), randomBytes(8_000_000))
  await lab.kopia.must('snapshot', 'create', path)
  return lab
}

test('there is no room to restore: nothing is proven', async (context) => {
  const lab = await labWithSnapshot(context)
  if (!(await mountSmallState(context, lab, 64))) return context.skip(noMount)
  const full = await verify(lab, '--percent=0')
  assert.deepEqual(verdictOf(full), [1, 'unproven'])
  assert.match(full.output, /there is no room to restore a file in /)
  assert.deepEqual(await leftovers(lab), [])
})

test('the disk is full from the beginning: an error', async (context) => {
  const lab = await labWithSnapshot(context)
  if (!(await mountSmallState(context, lab, 1))) return context.skip(noMount)
  fillUp(lab)
  const full = await verify(lab)
  assert.deepEqual([full.exitCode, full.sources], [1, []])
  assert.match(full.output, /the disk of the state directory \S+ is full: make room on it\n$/)
  assert.deepEqual(await leftovers(lab), [])
})

test('the disk fills up while Kopia restores: no damage is told of, and nothing is left', async (context) => {
  const lab = await labWithSnapshot(context)
  // The agent leaves 128 MiB to others.
  if (!(await mountSmallState(context, lab, 144))) return context.skip(noMount)
  const held = await holdKopia(context, lab, 'restore')
  const environment = { ...settingsOf(lab), KOPIA_METRICS_KOPIA_BIN: held.program }
  const running = start('verify', process.execPath, [agentEntry, 'verify', '--percent=0'], { environment })
  cleanUpAfter(context, () => running.stop('SIGKILL'))
  await held.reached()
  fillUp(lab)
  await held.release()
  assert.equal(await running.ended, 1, running.output())
  assert.match(running.output(), /no space left on device|is full/)
  assert.doesNotMatch(running.output(), /✗/)
  assert.deepEqual(await leftovers(lab), [])
})
