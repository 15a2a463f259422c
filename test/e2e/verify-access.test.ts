// How `verify` gets into a repository: through a server, with a kept password, or not at all.

import assert from 'node:assert/strict'
import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { settingsOf } from '../support/agent-command.ts'
import { cleanUpAfter } from '../support/cleanup.ts'
import { holdKopia } from '../support/held-kopia.ts'
import { createLab } from '../support/lab.ts'
import { flipContents } from '../support/lab-damage.ts'
import { start } from '../support/processes.ts'
import { asClientOfServer } from '../support/setups/repository-server.ts'
import { agentEntry } from '../support/stack.ts'
import { leftovers, verdictOf, verify, verifyWith } from '../support/verifying.ts'

test('a client of a repository server: a good snapshot', async (context) => {
  const direct = await createLab(context)
  await direct.kopia.must('snapshot', 'create', await direct.makeSource('photos'))
  const lab = await asClientOfServer(context, direct)
  assert.deepEqual(verdictOf(await verify(lab, '--percent=100')), [0, 'proven'])
})

test('a client of a repository server: a damaged pack', async (context) => {
  const direct = await createLab(context)
  await direct.kopia.must('snapshot', 'create', await direct.makeSource('photos'))
  // Nobody has read it through the server yet, whose cache is as good as any.
  await flipContents(direct, /^[0-9a-f]/)
  const lab = await asClientOfServer(context, direct)
  const found = await verify(lab, '--percent=100', '--restore=0')
  assert.deepEqual(verdictOf(found), [1, 'faulty', 'checksum'], found.output)
})

test('the password beside the configuration is copied as privately, and goes with the copy', async (context) => {
  const lab = await createLab(context)
  await lab.kopia.must('snapshot', 'create', await lab.makeSource('photos'))
  const password = lab.kopia.environment.KOPIA_PASSWORD ?? ''
  const kept = `${lab.kopia.environment.KOPIA_CONFIG_PATH}.kopia-password`
  const noPassword = { KOPIA_PASSWORD: undefined }

  // Kopia keeps the password there when it connects (internal/passwordpersist/passwordpersist_file.go).
  const encoded = await readFile(kept, 'utf8')
  await rm(kept)
  const without = await verifyWith(lab, noPassword)
  assert.equal(without.exitCode, 1)
  assert.match(without.output, /KOPIA_PASSWORD/)

  await writeFile(kept, encoded, { mode: 0o600 })
  const held = await holdKopia(context, lab, 'snapshot verify')
  const environment = { ...settingsOf(lab), ...noPassword, KOPIA_METRICS_KOPIA_BIN: held.program }
  const running = start('verify', process.execPath, [agentEntry, 'verify'], { environment })
  cleanUpAfter(context, () => running.stop('SIGKILL'))
  await held.reached()
  const copy = join(lab.stateDirectory, 'verify', 'work', 'repository.config.kopia-password')
  assert.equal(((await stat(copy)).mode & 0o777).toString(8), '600')
  await held.release()
  assert.equal(await running.ended, 0, running.output())
  assert.deepEqual(await leftovers(lab), [])
  for (const entry of await readdir(lab.stateDirectory, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const text = await readFile(join(entry.parentPath, entry.name), 'utf8')
    assert.ok(!text.includes(password) && !text.includes(encoded), `the password is in ${entry.name}`)
  }
  assert.ok(!running.output().includes(password))
})
