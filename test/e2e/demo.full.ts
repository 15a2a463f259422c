// Ctrl-C ends `npm run demo` at any moment, and leaves neither files nor processes.

import assert from 'node:assert/strict'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { cleanUpAfter } from '../support/cleanup.ts'
import { temporaryFolder } from '../support/folder.ts'
import { start } from '../support/processes.ts'
import { projectFolder } from '../support/tools.ts'
import { waitFor } from '../support/wait.ts'

const moments = {
  'while it starts': 'pushgateway ',
  'when all is shown': 'Ctrl-C ends it',
} as const

for (const [moment, text] of Object.entries(moments)) {
  test(`Ctrl-C ${moment}`, async (context) => {
    const folder = await temporaryFolder(context)
    const demo = start('demo', process.execPath, [join(projectFolder, 'demo/demo.ts')], {
      environment: { TMPDIR: folder },
    })
    cleanUpAfter(context, () => demo.stop('SIGKILL'))
    await waitFor(`the demo prints "${text}"`, () => demo.output().includes(text) || undefined).catch(
      (error: unknown) => assert.fail(`${error}\n${demo.output()}`),
    )
    const ports = [...demo.output().matchAll(/http:\/\/127\.0\.0\.1:\d+/g)].map(([url]) => url)
    demo.child.kill('SIGINT')
    assert.equal(await demo.ended, 130, demo.output())
    assert.deepEqual(existsSync(folder) ? readdirSync(folder) : [], [])
    for (const url of ports) await assert.rejects(fetch(url), url)
  })
}
