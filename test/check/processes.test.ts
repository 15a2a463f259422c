// The processes that `check` looks at, as a user who is not root.

import assert from 'node:assert/strict'
import { copyFile, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { viewProcesses } from '../../agent/check/processes.ts'
import { temporaryFolder } from '../support/folder.ts'
import { start } from '../support/processes.ts'
import { waitFor } from '../support/wait.ts'

test('a Kopia that has ended and is not reaped yet is not closed to anybody, whoever owns its folder in /proc', async (context) => {
  const folder = await temporaryFolder(context)
  await copyFile('/bin/sleep', join(folder, 'kopia'))
  // The process that takes the place of the shell does not wait for its child.
  const parent = start('sh', '/bin/sh', ['-c', `"${folder}/kopia" 1000 & echo $!; exec sleep 1000`], {})
  context.after(() => parent.stop())
  const statOf = (pid: number | undefined) => readFile(`/proc/${pid}/stat`, 'latin1').catch(() => '')
  const zombie = await waitFor('the shell is replaced', async () => {
    const isReplaced = (await statOf(parent.child.pid)).includes('(sleep)')
    return isReplaced ? Number(parent.output()) || undefined : undefined
  })
  process.kill(zombie, 'SIGKILL')
  await waitFor('Kopia has ended', async () =>
    (await statOf(zombie)).includes('(kopia) Z') ? true : undefined,
  )
  const { closed } = await asOrdinaryUser(context, () => viewProcesses(true, undefined, async () => [], 0))
  assert.ok(!closed.includes(zombie))
})

/** Capabilities are gone while the effective user is not root (capabilities(7)). */
async function asOrdinaryUser<Result>(context: TestContext, act: () => Promise<Result>): Promise<Result> {
  const user = process.geteuid?.() ?? 0
  const restore = () => process.seteuid?.(user)
  context.after(restore)
  if (user === 0) process.seteuid?.(65_534)
  try {
    return await act()
  } finally {
    restore()
  }
}
