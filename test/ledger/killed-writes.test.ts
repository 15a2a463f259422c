// A process that is killed while it saves the ledger leaves the old one or the new one, never none.

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { loadLedger } from '../../agent/ledger/store.ts'
import { temporaryFolder } from '../support/folder.ts'
import { start } from '../support/processes.ts'
import { createRandom } from '../support/random.ts'
import { projectFolder } from '../support/tools.ts'
import { waitFor } from '../support/wait.ts'

/** Saves ledgers of about a megabyte one after the other, and prints a line after the first. */
const writer = `
  import { emptyLedger } from '${join(projectFolder, 'agent/ledger/ledger.ts')}'
  import { saveLedger } from '${join(projectFolder, 'agent/ledger/store.ts')}'
  const filler = { result: 'success', lastSuccessAt: 1 }
  const commands = Object.fromEntries(Array.from({ length: 20000 }, (_, index) => ['command ' + index, filler]))
  for (let begunAt = 1; ; begunAt += 1) {
    await saveLedger(process.argv[1], { ...emptyLedger, begunAt, commands })
    if (begunAt === 1) console.log('saved')
  }
`

test('a process that is killed at twenty random moments leaves a whole ledger each time', async (context) => {
  const folder = await temporaryFolder(context)
  const random = createRandom(3)
  for (let kill = 0; kill < 20; kill += 1) {
    const running = start('writer', process.execPath, [
      '--input-type=module-typescript',
      '--eval',
      writer,
      folder,
    ])
    await waitFor('the first ledger is saved', () => running.output().includes('saved') || undefined)
    await sleep(random() * 60)
    await running.stop('SIGKILL')
    const { kind, data } = await loadLedger(folder, 1)
    assert.deepEqual([kind, Object.keys(data.commands).length], ['loaded', 20_000])
  }
})
