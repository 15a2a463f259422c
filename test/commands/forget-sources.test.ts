// forget --sources: nothing that is about the forgotten repository is left for the next start.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { forgetSourcesCommand } from '../../agent/commands/forget-sources.ts'
import { readVerifications, writeVerification } from '../../agent/ledger/verification-files.ts'
import { temporaryFolder } from '../support/folder.ts'

test('the results of verify that no agent has taken are forgotten with the repository', async (context) => {
  const stateDirectory = await temporaryFolder(context)
  const result = { outcome: 'unproven', reason: 'no answer' } as const
  const source = { user: 'root', host: 'vm', path: '/data' }
  await writeVerification(stateDirectory, source, { startedAt: 1, endedAt: 2, result })
  const lines: string[] = []
  const add = (line: string) => void lines.push(line)
  assert.equal(await forgetSourcesCommand({ stateDirectory }, 100, add, add), 0)
  assert.match(lines.join('\n'), /Forgot 0 sources/)
  assert.deepEqual((await readVerifications(stateDirectory)).files, [])
})
