// Prometheus 3 accepts the rules and raises the same alerts as Prometheus 2, with which `npm run check` tests them.

import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { start } from '../support/processes.ts'
import { rulesFolder } from '../support/rules.ts'
import { tool } from '../support/tools.ts'

const testsFolder = join(rulesFolder, 'test')

async function promtool(...parameters: readonly string[]): Promise<void> {
  const running = start('promtool', tool('promtool3'), parameters)
  assert.equal(await running.ended, 0, running.output())
}

function yamlFilesIn(folder: string, prefix: string): readonly string[] {
  const names = readdirSync(folder).filter((name) => name.startsWith(prefix) && name.endsWith('.yml'))
  return names.map((name) => join(folder, name))
}

test('the rules pass the linter', () =>
  promtool('check', 'rules', '--lint=all', '--lint-fatal', ...yamlFilesIn(rulesFolder, 'kopia_')))

suite('the tests of the rules', { concurrency: availableParallelism() }, () => {
  for (const file of yamlFilesIn(testsFolder, '')) {
    test(file.slice(testsFolder.length + 1), () => promtool('test', 'rules', file))
  }
})
