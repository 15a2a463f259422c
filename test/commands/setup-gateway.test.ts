// Where setup finds the gateway of an agent that exists.

import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { settleGateway } from '../../agent/commands/setup-gateway.ts'
import { plainTalk } from '../../agent/commands/setup-talk.ts'
import { temporaryFolder } from '../support/folder.ts'
import { machineOf, root, usualAnswers } from '../support/setup/machine.ts'

test('a configuration file counts whatever its name ends in', async (context) => {
  for (const fileName of ['agent.yaml', 'agent.conf']) {
    const file = join(await temporaryFolder(context), fileName)
    await writeFile(file, 'pushgateway_url: ""\n')
    const manager = { kind: 'none', reason: 'a test' } as const
    const agents = [{ name: undefined, file, values: { pushgateway_url: '' }, user: 'root' }]
    const settled = await settleGateway(
      { config: file },
      machineOf(root, { manager, agents }),
      usualAnswers({ inherited: {} }),
      plainTalk(() => undefined),
    )
    assert.ok(typeof settled !== 'string', `${fileName}: ${settled}`)
    assert.equal(settled.gateway, undefined, fileName)
  }
})
