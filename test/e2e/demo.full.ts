// What `npm run demo` shows. Ctrl-C ends it at any moment, and leaves neither files nor processes.

import assert from 'node:assert/strict'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { cleanUpAfter } from '../support/cleanup.ts'
import { temporaryFolder } from '../support/folder.ts'
import { start } from '../support/processes.ts'
import { projectFolder } from '../support/tools.ts'
import { waitFor } from '../support/wait.ts'

/** What the demo prints until then, in this order. */
const moments: Readonly<Record<string, readonly string[]>> = {
  'while it starts': ['pushgateway '],
  'while it verifies': ['KopiaBackupFailed: firing for ', 'Proving that '],
  'when all is shown': [
    'KopiaBackupFailed: firing for ',
    '$ kopia-metrics-agent verify ',
    'exit code 0',
    '$ kopia-metrics-agent status',
    'PROVED',
    'The repository is damaged',
    '$ kopia-metrics-agent verify ',
    'exit code 1',
    'KopiaVerifyFailed: firing for ',
    'Ctrl-C ends it',
  ],
}

for (const [moment, texts] of Object.entries(moments)) {
  test(`Ctrl-C ${moment}`, async (context) => {
    const folder = await temporaryFolder(context)
    const demo = start('demo', process.execPath, [join(projectFolder, 'demo/demo.ts')], {
      environment: { TMPDIR: folder },
    })
    cleanUpAfter(context, () => demo.stop('SIGKILL'))
    let shown = 0
    for (const text of texts) {
      shown = await waitFor(`the demo prints "${text}"`, () => endOf(text, demo.output(), shown)).catch(
        (error: unknown) => assert.fail(`${error}\n${demo.output()}`),
      )
    }
    const ports = [...demo.output().matchAll(/http:\/\/127\.0\.0\.1:\d+/g)].map(([url]) => url)
    demo.child.kill('SIGINT')
    assert.equal(await demo.ended, 130, demo.output())
    assert.deepEqual(existsSync(folder) ? readdirSync(folder) : [], [])
    for (const url of ports) await assert.rejects(fetch(url), url)
  })
}

/** Where the first `text` after `from` ends. */
function endOf(text: string, output: string, from: number): number | undefined {
  const begin = output.indexOf(text, from)
  return begin === -1 ? undefined : begin + text.length
}
