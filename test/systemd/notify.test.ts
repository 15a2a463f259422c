// What the agent tells the service manager, by the real systemd-notify; a real systemd hears it in test/e2e/systemd.full.ts.

import assert from 'node:assert/strict'
import { chmod, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { cleanUpAfter } from '../support/cleanup.ts'
import { createLab } from '../support/lab.ts'
import { makeEndlessLog, readyAndReading, startReading } from '../support/long-start.ts'
import { type Running, start } from '../support/processes.ts'
import { tool } from '../support/tools.ts'
import { waitFor } from '../support/wait.ts'

/** Prints each datagram that comes, as Node can't read them either; Perl is in every Debian. */
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

/** Without the barriers, by which systemd-notify waits until it was heard. */
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

test('ready, signs of life, stopping; and Kopia can say nothing in its name', async (context) => {
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
  await waitFor('what it watches is told', () => heard(manager).some(isStatus) || undefined)
  assert.equal(heard(manager)[0], 'READY=1|STATUS=Ready, and reading what happened before the start.')
  assert.match(heard(manager).find(isStatus) ?? '', /^STATUS=Ready: 0 sources known, watching /)
  await waitFor('two signs of life', () => signsOfLife(manager) > 1 || undefined)
  assert.equal(await agent.stop(), 0)
  assert.equal(heard(manager).at(-1), 'STOPPING=1')
  const environment = await readFile(seen, 'utf8')
  assert.match(environment, /^KOPIA_CHECK_FOR_UPDATES=false$/m)
  assert.doesNotMatch(environment, /NOTIFY_SOCKET|WATCHDOG/)
})

test('an agent that reads on and on through the past gives signs of life, and stops when it is told to', async (context) => {
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

test('a service manager that cannot be told is one line in the log', async (context) => {
  const lab = await createLab(context)
  const agent = await lab.startAgent({
    NOTIFY_SOCKET: join(lab.folder, 'nobody-listens'),
    WATCHDOG_USEC: '400000',
  })
  const lines = () => agent.output().match(/^.*systemd can't be told.*$/gm) ?? []
  await waitFor('it is said', () => lines().length > 0 || undefined)
  assert.equal(await agent.stop(), 0)
  assert.equal(lines().length, 1)
})
