// Backups of one repository while the agent of another one with the same log directory looks on.

import assert from 'node:assert/strict'
import type { Cleanable } from '../cleanup.ts'
import { figuresAfter, type Lab } from '../lab.ts'
import { addGate, begin } from './gate.ts'
import { noAttempts } from './series.ts'

/** The counters after one attempt. */
export const one = (outcome: 'success' | 'failed') => ({ ...noAttempts, [outcome]: 1 })

/** Backs up a path into one repository while the agent of the other one sees the process. */
export async function backUpSeen(
  context: Cleanable,
  { from, to }: { readonly from: Lab; readonly to: Lab },
  path: string,
  exitCode = 0,
  lookAtRuns = letAgentLook,
): Promise<void> {
  const gate = await addGate(context, to.kopia, path, exitCode)
  const backup = begin(context, to.kopia, 'snapshot', 'create', path)
  await gate.reached()
  await lookAtRuns(from)
  await gate.open()
  assert.equal(await backup.ended, exitCode === 0 ? 0 : 1, backup.output())
}

let bystanders = 0

/** Backs up a further source of a repository: once it is counted, its agent has seen all runs that began before. */
export async function letAgentLook({ gateway, kopia, makeSource }: Lab): Promise<void> {
  bystanders += 1
  const path = await makeSource(`bystander-${bystanders}`)
  await kopia.must('snapshot', 'create', path)
  assert.deepEqual((await figuresAfter(gateway, path, 1)).attempts, one('success'))
}
