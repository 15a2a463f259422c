// Prometheus's own tools accept the configuration in deploy/FLEET.md.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cp, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { parse, stringify } from 'yaml'
import { blocksBelow, yamlBelow } from '../support/fleet/page.ts'
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

/** Checks the project's Prometheus configuration, merged with blocks of the page. */
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

const site = "Configuration of each site's Prometheus"

test('Prometheus accepts the configuration of a site', (context) => checkConfiguration(context, [site]))

for (const store of ['VictoriaMetrics cluster', 'Thanos receive', 'Grafana Mimir']) {
  test(`Prometheus accepts the configuration of a site with ${store}`, (context) =>
    checkConfiguration(context, [site, store]))
}

test('the fleet’s alert rules pass the linter', async (context) => {
  const path = join(await temporaryFolder(context), 'kopia_fleet.yml')
  await writeFile(path, await yamlBelow('An alert on a silent site'))
  check('check', 'rules', '--lint=all', '--lint-fatal', path)
})

// test/fleet/thanos.fleet.ts runs a real Thanos on these files and commands.
test('the files for Thanos name the same receivers', async () => {
  const heading = 'Thanos receive'
  const [hashrings = ''] = await blocksBelow(heading, 'json')
  const [, endpoints = ''] = await blocksBelow(heading, 'yaml')
  const rings: { endpoints: { address: string }[] }[] = JSON.parse(hashrings)
  const receivers = rings.flatMap((ring) => ring.endpoints)
  assert.equal(receivers.length, 3)
  assert.deepEqual(parse(endpoints), { endpoints: receivers })
  const [receive = ''] = await blocksBelow(heading, 'sh')
  assert.ok(receive.includes(`--receive.local-endpoint=${receivers[0]?.address} `))
})
