// What the agent sends by the real systemd-notify. test/e2e/systemd.full.ts has a real systemd at the other end.

import assert from 'node:assert/strict'
import { chmod, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { takeServiceManager } from '../../agent/daemon/service-manager.ts'
import { cleanUpAfter } from '../support/cleanup.ts'
import { temporaryFolder } from '../support/folder.ts'
import { createLab } from '../support/lab.ts'
import { makeEndlessLog, readyAndReading, startReading } from '../support/long-start.ts'
import { type Running, start } from '../support/processes.ts'
import { tool } from '../support/tools.ts'
import { waitFor } from '../support/wait.ts'

/** Prints each datagram that it receives. Node can't receive them; Perl is in every Debian. */
const receiver = `
use Socket;
$| = 1;
socket(my $server, AF_UNIX, SOCK_DGRAM, 0) or die $!;
bind($server, sockaddr_un($ARGV[0])) or die $!;
print "listening\\n";
while (defined(recv($server, my $message, 65536, 0))) { print join('|', split(/\\n/, $message)), "\\n" }
`

async function listen(context: TestContext, path: string): Promise<Running> {
  const running = start('receiver', 'perl', ['-e', receiver, path])
  cleanUpAfter(context, () => running.stop())
  await waitFor('the receiver listens', () => running.output().includes('listening') || undefined)
  return running
}

/** The messages, without the barriers by which systemd-notify waits until systemd has read them (sd_notify_barrier(3)). */
function heard(running: Running): readonly string[] {
  return running
    .output()
    .trim()
    .split('\n')
    .filter((line) => line !== 'listening' && line !== 'BARRIER=1')
}

const isStatus = (line: string) => line.startsWith('STATUS=')

function signsOfLife(manager: Running): number {
  return heard(manager).filter((line) => line === 'WATCHDOG=1').length
}

/** Without a socket no message is sent, and none fails. */
const noFault = (reason: string) => assert.fail(reason)

test('without systemd every message is dropped', async () => {
  const manager = takeServiceManager({ WATCHDOG_USEC: '400000' }, 5, noFault)
  assert.equal(manager.watchdogMs, undefined)
  await Promise.all([manager.ready('a'), manager.status('b'), manager.alive(), manager.stopping()])
})

test("systemd's variables are taken from the environment, and a watchdog of another process is not ours", () => {
  const environment = { NOTIFY_SOCKET: '/nowhere', WATCHDOG_USEC: '400000', WATCHDOG_PID: '5', HOME: '/root' }
  const watchdogOf = (processId: number, change: NodeJS.ProcessEnv = {}) =>
    takeServiceManager({ ...environment, ...change }, processId, noFault).watchdogMs
  assert.deepEqual(
    [
      watchdogOf(5),
      watchdogOf(6),
      watchdogOf(6, { WATCHDOG_PID: undefined }),
      watchdogOf(5, { WATCHDOG_USEC: '0' }),
    ],
    [400, undefined, 400, undefined],
  )
  takeServiceManager(environment, 5, noFault)
  assert.deepEqual(environment, { HOME: '/root' })
})

test('messages that fail, also after the stop, are reported once and reject nothing', async () => {
  const faults: string[] = []
  const manager = takeServiceManager({ NOTIFY_SOCKET: '/nowhere/notify' }, 5, (reason) => faults.push(reason))
  await manager.ready('a')
  await manager.stopping()
  await manager.alive()
  assert.equal(faults.length, 1)
})

test('there is no sign of life after the stop', async (context) => {
  const socket = join(await temporaryFolder(context), 'notify')
  const receiver = await listen(context, socket)
  const manager = takeServiceManager({ NOTIFY_SOCKET: socket }, 5, noFault)
  const sent = [manager.alive(), manager.stopping(), manager.alive()]
  await Promise.all(sent)
  assert.deepEqual(heard(receiver), ['WATCHDOG=1', 'STOPPING=1'])
})

test('the agent reports ready, signs of life and stopping, and Kopia gets none of the variables for it', async (context) => {
  const lab = await createLab(context)
  const socket = join(lab.folder, 'notify')
  const manager = await listen(context, socket)
  const seen = join(lab.folder, 'environment-of-kopia')
  const kopia = join(lab.folder, 'kopia-wrapper')
  await writeFile(kopia, `#!/bin/sh\nenv >>'${seen}'\nexec '${tool('kopia')}' "$@"\n`)
  await chmod(kopia, 0o755)
  const agent = await lab.startAgent({
    KOPIA_METRICS_KOPIA_BIN: kopia,
    NOTIFY_SOCKET: socket,
    WATCHDOG_USEC: '400000',
  })
  await waitFor('the status is reported', () => heard(manager).some(isStatus) || undefined)
  assert.equal(heard(manager)[0], 'READY=1|STATUS=Ready, and reading what happened before the start.')
  assert.match(heard(manager).find(isStatus) ?? '', /^STATUS=Ready: 0 sources known, watching /)
  await waitFor('two signs of life', () => signsOfLife(manager) > 1 || undefined)
  // A sweep may be under way: its sign of life is not sent after the stop.
  assert.equal(await agent.stop(), 0)
  assert.equal(heard(manager).at(-1), 'STOPPING=1')
  const environment = await readFile(seen, 'utf8')
  assert.match(environment, /^KOPIA_CHECK_FOR_UPDATES=false$/m)
  assert.doesNotMatch(environment, /NOTIFY_SOCKET|WATCHDOG/)
})

test('an agent that reads the past for a long time gives signs of life, and stops on request', async (context) => {
  const lab = await createLab(context)
  const socket = join(lab.folder, 'notify')
  const manager = await listen(context, socket)
  await lab.kopia.must('snapshot', 'create', await lab.makeSource('photos'))
  const endless = await makeEndlessLog(context, lab)
  const agent = await startReading(context, lab, { NOTIFY_SOCKET: socket, WATCHDOG_USEC: '400000' })
  await waitFor('a sign of life', () => signsOfLife(manager) > 0 || undefined)
  assert.deepEqual(await agent.readiness(), readyAndReading)
  const stopped = agent.running.stop()
  await endless.truncate(0)
  assert.equal(await stopped, 0)
  assert.equal(heard(manager).find(isStatus), undefined)
})

test('a service manager that can not be reached is one line in the log', async (context) => {
  const lab = await createLab(context)
  const agent = await lab.startAgent({
    NOTIFY_SOCKET: join(lab.folder, 'nobody-listens'),
    WATCHDOG_USEC: '400000',
  })
  const lines = () => agent.output().match(/^.*can't be reported to systemd.*$/gm) ?? []
  await waitFor('the line is logged', () => lines().length > 0 || undefined)
  assert.equal(await agent.stop(), 0)
  assert.equal(lines().length, 1)
})
