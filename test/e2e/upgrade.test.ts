// From 0.1.0 to this version and back: the agent goes on with the old state, and nothing touches a newer one.

import assert from 'node:assert/strict'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { runAgentCommand } from '../support/agent-command.ts'
import { asOfFirstRelease } from '../support/first-release.ts'
import { createLab, figuresAfter } from '../support/lab.ts'

test('on the state of 0.1.0 every counter goes on, and its hooks, which a policy still names, are heard', async (context) => {
  const lab = await createLab(context)
  const paths = await asOfFirstRelease(lab)
  const path = (name: string) => paths.get(name) ?? ''
  await lab.kopia.must('snapshot', 'create', path('photos'))
  await lab.kopia.must('--disable-file-logging', 'snapshot', 'create', path('hooked'))
  const events = await readdir(lab.spool)
  assert.equal(events.length, 2)
  for (const name of events) {
    assert.match(name, /^[0-9a-f]+-\d+\.event$/)
    assert.doesNotMatch(await readFile(join(lab.spool, name), 'utf8'), /PHASE/)
  }

  const agent = await lab.startAgent()
  const attempts = async (name: string, count: number) =>
    (await figuresAfter(lab.gateway, path(name), count)).attempts
  // The run of two sources that 0.1.0 still followed was killed: Kopia had created one snapshot, and flushed none.
  assert.deepEqual(await attempts('photos', 4), { success: 3, failed: 1, incomplete: 0 })
  assert.deepEqual(await attempts('slow', 1), { success: 0, failed: 1, incomplete: 0 })
  assert.deepEqual(await attempts('hooked', 3), { success: 3, failed: 0, incomplete: 0 })
  assert.deepEqual(await attempts('documents', 1), { success: 1, failed: 0, incomplete: 0 })
  assert.deepEqual(await attempts('music', 1), { success: 0, failed: 0, incomplete: 1 })
  assert.deepEqual(await attempts('broken', 2), { success: 0, failed: 2, incomplete: 0 })
  assert.deepEqual(await readdir(lab.spool), [])

  await lab.kopia.must('snapshot', 'create', path('photos'))
  await lab.kopia.must('--disable-file-logging', 'snapshot', 'create', path('hooked'))
  const photos = await figuresAfter(lab.gateway, path('photos'), 5)
  assert.deepEqual([photos.status, photos.attempts], [1, { success: 4, failed: 1, incomplete: 0 }])
  const hooked = await figuresAfter(lab.gateway, path('hooked'), 4)
  assert.deepEqual([hooked.status, hooked.attempts], [1, { success: 4, failed: 0, incomplete: 0 }])
  assert.equal(await agent.stop(), 0)
  assert.doesNotMatch(agent.output(), /can't be read|set aside/)
  const names = await readdir(lab.stateDirectory)
  assert.deepEqual(
    names.filter((name) => name.includes('unreadable')),
    [],
  )
  const { version }: { version: number } = JSON.parse(
    await readFile(join(lab.stateDirectory, 'ledger.json'), 'utf8'),
  )
  assert.equal(version, 2)
})

test('a command that needs the ledger refuses a newer one in one line, and every command leaves it as it is', async (context) => {
  const lab = await createLab(context)
  const source = await lab.makeSource('photos')
  await lab.kopia.must('snapshot', 'create', source)
  const path = join(lab.stateDirectory, 'ledger.json')
  const text = '{"version":3,"begunAt":1,"sources":{"unheard":{"of":1}}}\n'
  await mkdir(lab.stateDirectory, { mode: 0o700 })
  await writeFile(path, text)
  const kept = async (command: string) => {
    assert.equal(await readFile(path, 'utf8'), text, command)
    const ledgers = (await readdir(lab.stateDirectory)).filter((name) => name.startsWith('ledger'))
    assert.deepEqual(ledgers, ['ledger.json'], command)
  }
  const told =
    /^.*ledger.*: it has version 3, written by a newer kopia-metrics-agent; this one reads versions up to 2: install that version again, or move the file away\n$/
  const commands = [
    ['run', '--listen='],
    ['push'],
    ['status'],
    ['status', '--json'],
    ['verify'],
    ['verify', '--json', source],
    ['backfill', join(lab.folder, 'history')],
    ['backfill', join(lab.folder, 'history'), '--backfill-until=2026-01-01'],
    ['forget', '--sources'],
  ]
  for (const command of commands) {
    const { exitCode, output } = await runAgentCommand(lab, ...command)
    assert.deepEqual([exitCode, told.test(output)], [1, true], `${command.join(' ')}: ${output}`)
    await kept(command.join(' '))
  }
  assert.deepEqual((await readdir(lab.folder)).sort(), ['kopia', 'sources', 'state'])
  assert.deepEqual(
    (await readdir(lab.stateDirectory)).filter((name) => name !== 'spool'),
    ['ledger.json'],
  )

  const checked = await runAgentCommand(lab, 'check')
  assert.equal(checked.exitCode, 1)
  assert.match(
    checked.output.replaceAll(/\s+/g, ' '),
    /✗ failure agent .*it has version 3, written by a newer/,
  )
  for (const command of [['forget'], ['install-hooks', source], ['uninstall-hooks', source]]) {
    assert.equal((await runAgentCommand(lab, ...command)).exitCode, 0, command.join(' '))
    await kept(command.join(' '))
  }
})
