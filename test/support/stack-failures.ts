// Tests what a user sees when setup fails, when a service ends, and what remains of the stack afterwards.

import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import type { StackLab } from './stack-lab.ts'
import { query, services, statesOf, waitForTargets, waitUntilHealthy } from './stack-queries.ts'
import { waitFor } from './wait.ts'

const wrong = { PROMETHEUS_RETENTION: '15', PROMETHEUS_BASIC_AUTH: 'yes' }

/** Needs a running stack with defaults, and leaves nothing of it. */
export async function testFailures(context: TestContext, lab: StackLab): Promise<void> {
  await context.test('a service that ends is started again', () => testRestart(lab))
  await context.test('values are tried without a change of what runs', () => testTrial(lab))
  await context.test('a wrong value is reported in one line, and nothing starts', () => testWrongValues(lab))
  await context.test('the right value starts the stack', async () => {
    await lab.up({})
    await waitForTargets(lab, ['kopia', 'node', 'prometheus'])
  })
  await context.test('down --volumes deletes all data but those of Prometheus and the repository', () =>
    testRemoval(lab),
  )
}

async function testRestart(lab: StackLab): Promise<void> {
  const idOf = async () =>
    (await lab.must("podman inspect --format '{{.State.Pid}}' kopia-pushgateway")).trim()
  const before = await idOf()
  await lab.must(`kill -KILL ${before}`)
  await waitFor('the gateway runs again', async () => {
    const states = await statesOf(lab)
    return states.includes('pushgateway running healthy') && (await idOf()) !== before ? true : undefined
  })
}

const problems = [
  /^setup: PROMETHEUS_RETENTION: expected a duration such as 15d, 12h or 1y, found "15"$/m,
  /^setup: PROMETHEUS_BASIC_AUTH: expected one of true, false, found "yes"$/m,
]

/** Tries the values as README.md says. The exit code says nothing here: podman 4.3 forgets that of a removed container. */
async function testTrial(lab: StackLab): Promise<void> {
  lab.configure(wrong)
  const { output } = await lab.run('docker compose run --rm setup')
  for (const problem of problems) assert.match(output, problem)
  // The configuration is still there, for the next start of the machine, at which setup does not run.
  await lab.must('docker compose restart --timeout 5 --no-deps alertmanager')
  await waitUntilHealthy(lab)
}

async function testWrongValues(lab: StackLab): Promise<void> {
  await lab.down()
  lab.configure(wrong)
  const { exitCode, output } = await lab.run('docker compose up -d')
  assert.equal(exitCode, 1)
  assert.match(output, /^service "setup" didn't complete successfully: exit 1$/m)
  const messages = await lab.must('docker compose logs --no-log-prefix setup')
  for (const problem of problems) assert.match(messages, problem)
  assert.deepEqual(await statesOf(lab), [...services.map((service) => `${service} created`), 'setup exited'])
}

async function testRemoval(lab: StackLab): Promise<void> {
  assert.equal((await query(lab, 'up')).length, 3)
  await lab.must('docker compose down --volumes --timeout 5')
  assert.equal((await lab.must('podman ps --all --quiet')).trim(), '')
  // Only sidecar.yaml declares this one.
  assert.equal((await lab.must('podman volume ls --quiet')).trim(), 'kopia-monitoring_kopia-repository')
  assert.notEqual((await lab.must('ls /var/lib/prometheus')).trim(), '')
}
