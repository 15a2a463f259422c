// What stands in deploy/FLEET.md to be copied is taken by the real tools.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cp, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { parse, stringify } from 'yaml'
import { yamlBelow } from '../support/fleet/page.ts'
import { temporaryFolder } from '../support/folder.ts'
import { rulesFolder } from '../support/rules.ts'
import { projectFolder, type ToolName, tool } from '../support/tools.ts'

const promtools: readonly ToolName[] = ['promtool', 'promtool3']

function check(...parameters: readonly string[]): void {
  for (const promtool of promtools) {
    const { status, stdout, stderr } = spawnSync(tool(promtool), parameters, { encoding: 'utf8' })
    assert.equal(status, 0, `${promtool} ${parameters.join(' ')}: ${stdout}${stderr}`)
  }
}

/** The project's configuration with blocks of the page in it, beside the rules that it names. */
async function checkConfiguration(context: TestContext, headings: readonly string[]): Promise<void> {
  const folder = await temporaryFolder(context)
  await cp(rulesFolder, join(folder, 'rules'), { recursive: true })
  let configuration = parse(await readFile(join(projectFolder, 'deploy/prometheus/prometheus.yml'), 'utf8'))
  for (const heading of headings) {
    const block = parse(await yamlBelow(heading))
    configuration = { ...configuration, ...block, global: { ...configuration.global, ...block.global } }
  }
  const path = join(folder, 'prometheus.yml')
  await writeFile(path, stringify(configuration))
  check('check', 'config', path)
}

const site = "What each site's Prometheus gets"

test("a site's Prometheus takes its block", (context) => checkConfiguration(context, [site]))

for (const store of ['VictoriaMetrics cluster', 'Thanos receive', 'Grafana Mimir']) {
  test(`... and the one for ${store}`, (context) => checkConfiguration(context, [site, store]))
}

test('the rules for a fleet keep the linter’s rules', async (context) => {
  const path = join(await temporaryFolder(context), 'kopia_fleet.yml')
  await writeFile(path, await yamlBelow('A site that falls silent'))
  check('check', 'rules', '--lint=all', '--lint-fatal', path)
})
