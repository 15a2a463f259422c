// What setup takes for granted of the units is what they say.

import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { credentialNameOf, secretNameOf } from '../../agent/settings/names.ts'
import type { Person } from '../../agent/setup/facts.ts'
import { secretSettings } from '../../agent/setup/plan-types.ts'
import { credentialPath, unitEnvironment } from '../../agent/setup/units.ts'
import { alice, machineOf, root } from '../support/setup/machine.ts'
import { projectFolder } from '../support/tools.ts'

const folder = join(projectFolder, 'deploy/systemd')

async function linesOf(unit: string, setting: string, person: Person): Promise<readonly string[]> {
  const text = await readFile(join(folder, unit), 'utf8')
  const found = [...text.matchAll(new RegExp(`^${setting}=(.*)$`, 'gm'))].map(([, value = '']) => value)
  return found.map((value) => value.replaceAll('%i', 'photos').replaceAll('%h', person.home))
}

const units = [
  { unit: 'kopia-metrics-agent.service', person: root, name: undefined },
  { unit: 'kopia-metrics-agent@.service', person: root, name: 'photos' },
  { unit: 'user/kopia-metrics-agent.service', person: alice, name: undefined },
  { unit: 'user/kopia-metrics-agent@.service', person: alice, name: 'photos' },
]

for (const { unit, person, name } of units) {
  test(`${unit} sets the variables that setup reckons with`, async () => {
    const words = (await linesOf(unit, 'Environment', person)).flatMap((line) => line.split(' '))
    const expected = Object.entries(unitEnvironment(machineOf(person), name)).map((pair) => pair.join('='))
    assert.deepEqual(words.toSorted(), expected.toSorted())
  })
}

test('the services of the system load each secret from where setup writes it, under the name that the agent reads', async () => {
  const services = (await readdir(folder)).filter((file) => file.endsWith('.service'))
  assert.ok(services.length > 4)
  for (const unit of services) {
    const loaded = await linesOf(unit, 'LoadCredential', root)
    const name = unit.includes('@') ? 'photos' : undefined
    const expected = secretSettings.map((setting) => {
      const stored = credentialPath(name, secretNameOf(setting)).replace('/etc/credstore/', '')
      return name === undefined ? stored : `${credentialNameOf(setting)}:${stored}`
    })
    assert.deepEqual(loaded.toSorted(), expected.toSorted(), unit)
  }
})
