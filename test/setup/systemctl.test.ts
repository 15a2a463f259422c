// What setup makes of systemd's answers. A program in the place of systemctl gives them, since systemd cannot run everywhere.

import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { userOfUnit } from '../../agent/setup/systemctl.ts'
import { cleanUpAfter } from '../support/cleanup.ts'
import { temporaryFolder } from '../support/folder.ts'

/** Answers in place of systemctl for the time of the test. */
async function answerWith(context: TestContext, script: string): Promise<void> {
  const folder = await temporaryFolder(context)
  await writeFile(join(folder, 'systemctl'), `#!/bin/sh\n${script}\n`, { mode: 0o755 })
  const before = process.env.PATH
  process.env.PATH = folder
  cleanUpAfter(context, () => {
    process.env.PATH = before
  })
}

test('a service without a user of its own runs as root', async (context) => {
  await answerWith(context, 'echo')
  assert.equal(await userOfUnit('kopia-metrics-agent.service'), 'root')
})

test('a service runs as the user that systemd names', async (context) => {
  await answerWith(context, 'echo alice')
  assert.equal(await userOfUnit('kopia-metrics-agent.service'), 'alice')
})

test('where systemd does not answer, the user is not known, and not root', async (context) => {
  await answerWith(context, 'exit 1')
  assert.equal(await userOfUnit('kopia-metrics-agent.service'), undefined)
})
