// Tests what a user sees when setup fails, when a service ends, and what remains of the stack afterwards.

import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import type { StackLab } from './stack-lab.ts'
import { query, services, statesOf, waitForTargets } from './stack-queries.ts'
import { waitFor } from './wait.ts'

const wrong = { PROMETHEUS_RETENTION: '15', PROMETHEUS_BASIC_AUTH: 'yes' }

/** Needs a running stack with defaults, and leaves nothing of it. */
export async function testFailures(context: TestContext, lab: StackLab): Promise<void> {
  await context.test('a service that ends is started again', () => testRestart(lab))
  await context.test('a wrong value leaves services that it does not concern as they are', () =>
    testWrongValueLater(lab),
  )
  await context.test('a wrong value is reported in one line, and nothing starts', () => testWrongValues(lab))
  await context.test('the right value starts the stack', async () => {
    await lab.up({})
    await waitForTargets(lab, ['kopia', 'node', 'prometheus'])
  })
  await context.test('down --volumes deletes everything but the data of Prometheus', () => testRemoval(lab))
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

async function fail(lab: StackLab): Promise<void> {
  lab.configure(wrong)
  const { exitCode, output } = await lab.run('docker compose up -d')
  assert.equal(exitCode, 1)
  assert.match(output, /^service "setup" didn't complete successfully: exit 1$/m)
  const messages = await lab.must('docker compose logs --no-log-prefix setup')
  assert.match(
    messages,
    /^setup: PROMETHEUS_RETENTION: expected a duration such as 15d, 12h or 1y, found "15"$/m,
  )
  assert.match(messages, /^setup: PROMETHEUS_BASIC_AUTH: expected one of true, false, found "yes"$/m)
}

async function testWrongValueLater(lab: StackLab): Promise<void> {
  await fail(lab)
  assert.ok((await statesOf(lab)).includes('alertmanager running healthy'))
  // Its configuration is still there, for the next start of the machine, at which setup does not run.
  await lab.must('docker compose restart --timeout 5 --no-deps alertmanager')
  await waitFor('Alertmanager is healthy', async () =>
    (await statesOf(lab)).includes('alertmanager running healthy') ? true : undefined,
  )
}

async function testWrongValues(lab: StackLab): Promise<void> {
  await lab.down()
  await fail(lab)
  assert.deepEqual(await statesOf(lab), [...services.map((service) => `${service} created`), 'setup exited'])
}

async function testRemoval(lab: StackLab): Promise<void> {
  assert.equal((await query(lab, 'up')).length, 3)
  await lab.must('docker compose down --volumes --timeout 5')
  assert.equal((await lab.must('podman ps --all --quiet')).trim(), '')
  assert.equal((await lab.must('podman volume ls --quiet')).trim(), '')
  assert.notEqual((await lab.must('ls /var/lib/prometheus')).trim(), '')
}
