// Tests that Docker Compose takes the files of deploy/ without a warning, whatever is set. Nothing is started.

import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { StackLab } from './stack-lab.ts'
import { profiles } from './stack-profiles.ts'

const passwords = { KOPIA_PASSWORD: 'correct horse', KOPIA_SERVER_PASSWORD: 'staple' }

export async function testConfiguration(context: TestContext, lab: StackLab): Promise<void> {
  const example = await readFile(join(lab.deploy, '.env.example'), 'utf8')
  const writeEnv = (text: string) => writeFile(join(lab.deploy, '.env'), text)

  await context.test('without .env, as .env.example is, and with all its lines: the same', async () => {
    lab.configure({})
    const without = await configurationOf(lab)
    await writeEnv(example)
    assert.equal(await configurationOf(lab), without)
    const lines = example.replaceAll(/^#(?=[A-Z_]+=)/gm, '')
    assert.notEqual(lines, example)
    await writeEnv(lines)
    assert.equal(await configurationOf(lab), without)
  })
  for (const [name, env] of Object.entries(profiles)) {
    await context.test(`the profile ${name}`, async () => {
      lab.configure(env)
      const environment = JSON.parse(await configurationOf(lab, '--format json')).services.setup.environment
      // What setup gets is what .env says, also with quotes, spaces and dollars. Compose prints a dollar as two.
      for (const [key, value] of Object.entries(env))
        assert.equal(environment[key].replaceAll('$$', '$'), value)
    })
  }
  await context.test("root's Kopia on this machine, with host.yaml", async () => {
    const lines = example.replaceAll(/^# {3}(?=[A-Z_]+=)/gm, '')
    await writeEnv(lines)
    const { volumes, ...agent } = JSON.parse(await configurationOf(lab, '--format json')).services[
      'kopia-metrics-agent'
    ]
    assert.deepEqual(
      [agent.user, agent.pid, agent.cap_add, agent.security_opt],
      ['0:0', 'host', ['SYS_PTRACE'], ['no-new-privileges:true', 'apparmor=unconfined']],
    )
    const folders: readonly { readonly type: string; readonly source: string }[] = volumes
    assert.deepEqual(
      folders.filter(({ type }) => type === 'bind').map(({ source }) => source),
      ['/root/.config/kopia', '/root/.cache/kopia', '/root/.cache/kopia'],
    )
  })
  await context.test('sidecar.yaml asks for the passwords, and for nothing else', async () => {
    const sidecar = 'docker compose -f compose.yaml -f sidecar.yaml config --quiet'
    for (const [missing, given] of [
      ['KOPIA_PASSWORD', { KOPIA_SERVER_PASSWORD: 'staple' }],
      ['KOPIA_SERVER_PASSWORD', { KOPIA_PASSWORD: 'correct horse' }],
    ] as const) {
      lab.configure(given)
      const { exitCode, output } = await lab.run(sidecar)
      assert.notEqual(exitCode, 0)
      assert.match(
        output,
        new RegExp(`required variable ${missing} is missing a value: set ${missing} in .env`),
      )
      assert.equal(output.trim().split('\n').length, 1, output)
    }
    lab.configure(passwords)
    assert.equal(await lab.must(sidecar), '')
  })
  lab.configure({})
}

/** The whole configuration, with every value filled in. Compose must print nothing else. */
async function configurationOf(lab: StackLab, flags = ''): Promise<string> {
  assert.equal(await lab.must('docker compose config --quiet'), '')
  return lab.must(`docker compose config ${flags}`)
}
