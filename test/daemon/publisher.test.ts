import assert from 'node:assert/strict'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { createEventIntake } from '../../agent/daemon/event-intake.ts'
import { createFaultGuard } from '../../agent/daemon/faults.ts'
import { createPublisher, type PublisherOptions } from '../../agent/daemon/publisher.ts'
import { createLedger, emptyLedger } from '../../agent/ledger/ledger.ts'
import { loadLedger } from '../../agent/ledger/store.ts'
import { cleanUpAfter } from '../support/cleanup.ts'
import { temporaryFolder } from '../support/folder.ts'
import { createLogRecorder } from '../support/log-recorder.ts'
import { waitFor } from '../support/wait.ts'

const call = { action: 'after', phase: 'call', callId: 'c', path: '/data', processId: 1, at: 10 } as const

async function createSetup(context: TestContext, settings: Partial<PublisherOptions['settings']> = {}) {
  const stateDirectory = join(await temporaryFolder(context), 'state')
  await mkdir(stateDirectory)
  const log = createLogRecorder()
  const removed: string[] = []
  const intake = createEventIntake({
    spool: {
      take: async () => [{ fileName: 'a.event', call }],
      remove: async (fileNames) => void removed.push(...fileNames),
    },
    tracker: { addHookCall: async () => undefined },
    log,
  })
  let failures = 0
  const publisher = createPublisher({
    settings: { gateway: undefined, instance: 'vm', textfile: undefined, stateDirectory, ...settings },
    ledger: createLedger({ ...emptyLedger, begunAt: 5 }),
    tracker: { runs: new Map() },
    intakes: [intake],
    metrics: {
      contentType: 'text/plain',
      countPushFailure: () => {
        failures += 1
      },
      text: async function* () {
        yield 'kopia_backup_status 1\n'
      },
    },
    nowSeconds: () => 0,
    faults: createFaultGuard(log),
    random: () => 0,
    log,
  })
  return { publisher, intake, stateDirectory, removed, log, failures: () => failures }
}

test('an event leaves the spool once a saved ledger holds it', async (context) => {
  const { publisher, intake, stateDirectory, removed, log } = await createSetup(context)
  await intake.take()
  await rm(stateDirectory, { recursive: true })
  for (let times = 0; times < 3; times += 1) await publisher.save()
  assert.deepEqual(removed, [])
  assert.equal(log.lines('error').length, 1)
  await mkdir(stateDirectory)
  await publisher.save()
  assert.deepEqual([removed, intake.unsaved()], [['a.event'], []])
  assert.equal((await loadLedger(stateDirectory, 0)).data.begunAt, 5)
})

test('the textfile is written without a gateway, and one that cannot be written fails no push', async (context) => {
  const folder = await temporaryFolder(context)
  const textfile = join(folder, 'kopia.prom')
  const { publisher } = await createSetup(context, { textfile })
  assert.deepEqual(await publisher.publishOnce(new AbortController().signal), { ok: true })
  assert.equal(await readFile(textfile, 'utf8'), 'kopia_backup_status 1\n')
  await writeFile(join(folder, 'file'), '')
  const broken = await createSetup(context, { textfile: join(folder, 'file', 'kopia.prom') })
  assert.deepEqual(await broken.publisher.publishOnce(new AbortController().signal), { ok: true })
  assert.equal(broken.log.lines('error').length, 1)
})

test('a gateway that refuses is counted and shown until it takes a push', async (context) => {
  let code = 500
  const bodies: string[] = []
  const server = createServer((request, response) => {
    request.setEncoding('utf8').on('data', (text: string) => void bodies.push(text))
    request.on('end', () => response.writeHead(code).end('no'))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  cleanUpAfter(context, () => server.close())
  const { port } = server.address() as AddressInfo
  const gateway = {
    url: `http://127.0.0.1:${port}`,
    target: { kind: 'pushgateway' },
    job: 'kopia',
    grouping: {},
    timeoutMs: 10_000,
    credentials: { kind: 'none' },
    tls: {},
  } as const
  const { publisher, failures } = await createSetup(context, { gateway })
  publisher.requestPush()
  await waitFor('the push has failed', () => failures() > 0 || undefined)
  assert.match(publisher.pushFault() ?? '', /500/)
  code = 200
  await publisher.stop()
  assert.equal(publisher.pushFault(), undefined)
  assert.equal(bodies.at(-1), 'kopia_backup_status 1\n')
})
