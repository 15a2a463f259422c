// Processes where there is no /proc: what ps answers is handed in, and once a real ps is asked about real processes.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { processesOn, unseenProcesses } from '../../../agent/kopia/runs/process.ts'
import { createPsProcesses } from '../../../agent/kopia/runs/process-ps.ts'
import { cleanUpAfter } from '../../support/cleanup.ts'

const pid = 4711
const start = Date.parse('2026-11-28T08:36:17Z') / 1000
const line = 'S    Sat Nov 28 08:36:17 2026    \n'

/** A machine with one process, and what ps prints of it. */
function machineWith(text: string | undefined) {
  const machine = { text, isThere: true, now: start + 100, asked: 0 }
  const processes = createPsProcesses({
    exists: (processId) => machine.isThere && processId === pid,
    ps: () => {
      machine.asked += 1
      return machine.text
    },
    nowSeconds: () => machine.now,
  })
  return { machine, processes }
}

const utc = (seconds: number) =>
  `${new Date(seconds * 1000).toISOString().slice(0, 19).replace(/[-:]/g, '').replace('T', '-')}`

for (const [name, seconds, isFound] of [
  ['right after the process started', start, true],
  ['while the system still examined the program', start + 59, true],
  ['an hour before the process started: its pid was that of Kopia once', start - 3600, false],
  ['an hour after the process started: it is no Kopia that has just opened its log', start + 3600, false],
] as const) {
  test(`a log named ${name} is ${isFound ? '' : 'not '}that of the process with its pid`, () => {
    const { processes } = machineWith(line)
    const found = processes.findWriter(pid, `${utc(seconds)}-${pid}-snapshot-create`)
    assert.equal(found, isFound ? String(start) : undefined)
  })
}

test('a log named by the local time is found, too', () => {
  const { processes } = machineWith(line)
  const two = (part: number) => String(part).padStart(2, '0')
  const local = new Date(start * 1000)
  const date = `${local.getFullYear()}${two(local.getMonth() + 1)}${two(local.getDate())}`
  const time = `${two(local.getHours())}${two(local.getMinutes())}${two(local.getSeconds())}`
  assert.equal(processes.findWriter(pid, `${date}-${time}-${pid}-snapshot-create`), String(start))
})

test('a process that is gone, or a zombie, or ended while ps looked is not alive', () => {
  const gone = machineWith(line)
  gone.machine.isThere = false
  for (const { processes } of [gone, machineWith(line.replace('S ', 'Z+')), machineWith('\n')]) {
    assert.equal(processes.findLiving(pid), undefined)
    assert.equal(processes.livingSince(pid), undefined)
    assert.equal(processes.isAlive(pid, String(start)), false)
    assert.equal(processes.findWriter(pid, `${utc(start)}-${pid}-snapshot-create`), undefined)
  }
})

test('another process with the same pid is not the one that was seen', () => {
  const { processes } = machineWith(line)
  assert.equal(processes.isAlive(pid, String(start)), true)
  assert.equal(processes.isAlive(pid, String(start - 86_400)), false)
  assert.equal(processes.livingSince(pid), start)
})

test('where ps can not be run or prints something else, a process is neither found nor taken for gone', () => {
  for (const text of [undefined, 'ps: illegal option -- o', 'S    28.11.2026 08:36\n']) {
    const { processes } = machineWith(text)
    assert.equal(processes.findWriter(pid, `${utc(start)}-${pid}-snapshot-create`), undefined)
    assert.equal(processes.livingSince(pid), Number.NEGATIVE_INFINITY)
    assert.equal(processes.isAlive(pid, String(start)), true)
    const identity = processes.findLiving(pid)
    assert.ok(identity !== undefined)
    assert.equal(processes.isAlive(pid, identity), true)
  }
})

test('ps is asked about a process every ten seconds, and its end is known at once', () => {
  const { machine, processes } = machineWith(line)
  for (let look = 0; look < 400; look += 1) {
    assert.equal(processes.isAlive(pid, String(start)), true)
    machine.now += 0.025
  }
  assert.equal(machine.asked, 1)
  machine.now += 1
  assert.equal(processes.isAlive(pid, String(start)), true)
  assert.equal(machine.asked, 2)
  machine.isThere = false
  assert.equal(processes.isAlive(pid, String(start)), false)
  assert.equal(machine.asked, 2)
})

test('a real ps tells of a real process, on the platform darwin', async (context) => {
  const processes = processesOn('darwin')
  const before = Date.now() / 1000
  const child = spawn(process.execPath, ['-e', 'process.stdin.resume()'], {
    stdio: ['pipe', 'ignore', 'inherit'],
  })
  cleanUpAfter(context, () => child.kill('SIGKILL'))
  await once(child, 'spawn')
  assert.ok(child.pid !== undefined)
  const since = processes.livingSince(child.pid) ?? Number.NaN
  // ps tells whole seconds; on Linux it counts from the boot, whose time it rounds.
  assert.ok(Math.abs(since - before) <= 3, `${since} ${before}`)
  assert.equal(processes.findLiving(child.pid), String(since))
  assert.equal(processes.findWriter(child.pid, `${utc(since)}-${child.pid}-snapshot-create`), String(since))
  assert.equal(processes.findWriter(child.pid, `20200101-000000-${child.pid}-snapshot-create`), undefined)
  assert.equal(processes.findWriterInContainers(child.pid, `${utc(since)}-1-snapshot-create`), undefined)
  child.kill('SIGKILL')
  await once(child, 'exit')
  assert.equal(processes.isAlive(child.pid, String(since)), false)
  assert.equal(processes.findLiving(child.pid), undefined)
})

test('of another machine no process is seen, and none is known to be gone', () => {
  const { findWriter, findWriterInContainers, findLiving, livingSince, bootedAt } = unseenProcesses
  assert.equal(findWriter(process.pid, `${utc(start)}-${process.pid}-snapshot-create`), undefined)
  assert.equal(findWriterInContainers(process.pid, 'any'), undefined)
  assert.equal(findLiving(process.pid), undefined)
  assert.equal(livingSince(process.pid), Number.NEGATIVE_INFINITY)
  assert.equal(bootedAt(), Number.NEGATIVE_INFINITY)
})
