// Copies the folder rules/, runs the README's command that sets the address of the runbooks, and tests the result.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { cp, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { parse } from 'yaml'
import { temporaryFolder } from '../support/folder.ts'
import { type RuleFile, rulesFolder } from '../support/rules.ts'
import { tool } from '../support/tools.ts'

test("the README's command sets the address of the runbooks in every alert", async (context) => {
  const folder = join(await temporaryFolder(context), 'rules')
  await cp(rulesFolder, folder, { recursive: true })
  const readme = await readFile(join(folder, 'README.md'), 'utf8')
  const command = /^ *(sed .*)$/m.exec(readme)?.[1]
  assert.ok(command)
  execFileSync('sh', ['-c', command], { cwd: folder })

  const file: RuleFile = parse(await readFile(join(folder, 'kopia_alerts.yml'), 'utf8'))
  const alerts = file.groups.flatMap(({ rules }) => rules)
  const headings = [...(await readFile(join(folder, 'runbooks.md'), 'utf8')).matchAll(/^## (\w+)$/gm)]
  const anchors = new Set(headings.map(([, name = '']) => name.toLowerCase()))
  const urls = alerts.flatMap(({ annotations }) => annotations?.runbook_url ?? [])
  assert.equal(urls.length, alerts.length)
  for (const url of urls) {
    const [address, anchor = ''] = url.split('#')
    assert.equal(address, 'https://your.wiki/kopia')
    assert.ok(anchors.has(anchor), url)
  }

  const tried = '"$0" check rules kopia_*.yml && "$0" test rules test/kopia_agent_silent.yml'
  const output = execFileSync('sh', ['-c', tried, tool('promtool')], { cwd: folder, encoding: 'utf8' })
  assert.match(output, /SUCCESS/)
  assert.doesNotMatch(output, /FAILED/)
})
