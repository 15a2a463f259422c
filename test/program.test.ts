// Programs that behave in every way, run for real.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ProgramEnd, type ProgramOptions, runProgram } from '../agent/program.ts'
import { cleanUpAfter } from './support/cleanup.ts'

const patient = { timeLimitMs: 60_000 }

function shell(script: string, options: Partial<ProgramOptions> = {}): Promise<ProgramEnd> {
  return runProgram('sh', ['-c', script], { ...patient, ...options })
}

function node(script: string, options: Partial<ProgramOptions> = {}): Promise<ProgramEnd> {
  return runProgram(process.execPath, ['-e', script], { ...patient, ...options })
}

test('the output is what it wrote, from its input and in its environment', async () => {
  assert.deepEqual(await shell('cat; echo "$WORD"; echo', { input: 'é\n', environment: { WORD: 'x y' } }), {
    kind: 'done',
    output: 'é\nx y\n',
  })
})

test('operands are no shell text', async () => {
  assert.deepEqual(await runProgram('printf', ['%s|', '$HOME', '; exit 1', "'"], patient), {
    kind: 'done',
    output: "$HOME|; exit 1|'|",
  })
})

test('a program that fails says why itself, in its last line', async () => {
  const end = await shell('echo fine; echo first >&2; echo last >&2; exit 3')
  assert.deepEqual(end, { kind: 'failed', reason: 'last' })
})

test('one that fails in silence, or is killed, has a reason, too', async () => {
  assert.deepEqual(await shell('exit 3'), { kind: 'failed', reason: 'it ended with exit code 3' })
  assert.deepEqual(await shell('kill -9 $$'), { kind: 'failed', reason: 'it was ended by SIGKILL' })
})

test('one that is not there, and one that takes no such operands', async () => {
  assert.deepEqual(await runProgram('/nowhere/kopia', [], patient), {
    kind: 'failed',
    reason: 'spawn /nowhere/kopia ENOENT',
  })
  const tooLong = await runProgram('true', Array(40).fill('x'.repeat(130_000)), patient)
  assert.match(tooLong.kind === 'failed' ? tooLong.reason : '', /E2BIG/)
})

test('input that nobody reads is no fault', async () => {
  assert.deepEqual(await shell('exit 0', { input: 'x'.repeat(10e6) }), { kind: 'done', output: '' })
})

test('lines are handed on whole, also the last one without an end, and nothing is kept', async () => {
  const lines: string[] = []
  const script = `process.stdout.write(Buffer.from('é\\n\\nbé').subarray(0, 1)); setTimeout(() => process.stdout.write(Buffer.from('é\\n\\nbé').subarray(1)), 20)`
  const end = await node(script, { onLine: (line) => lines.push(line) })
  assert.deepEqual([end, lines], [{ kind: 'done', output: '' }, ['é', '', 'bé']])
})

test('an output that is too large ends the program', async () => {
  const end = await shell('cat /dev/zero')
  assert.match(end.kind === 'failed' ? end.reason : '', /^it wrote more than \d+ characters$/)
})

test('after the time limit it is ended, also where it does not want to', async () => {
  const stubborn = "process.on('SIGTERM', () => 0); setInterval(() => 0, 1000)"
  assert.deepEqual(await node(stubborn, { timeLimitMs: 1000 }), {
    kind: 'failed',
    reason: 'no answer within 1 s, it was ended',
  })
})

test('what it left running does not hold up its end', async (context) => {
  let childId = 0
  cleanUpAfter(context, () => process.kill(childId))
  const end = await shell('sleep 600 & echo $!; wait', {
    timeLimitMs: 1000,
    onLine: (line) => {
      childId = Number(line)
    },
  })
  assert.equal(end.kind, 'failed')
  assert.ok(process.kill(childId, 0))
})

test('it ends with the agent, also where that stops before it began', async () => {
  const stopping = new AbortController()
  const end = await shell('echo ready; exec sleep 600', {
    signal: stopping.signal,
    onLine: () => stopping.abort(),
  })
  assert.deepEqual(end, { kind: 'failed', reason: 'it was ended with the agent' })
  assert.deepEqual(await shell('exec sleep 600', { signal: stopping.signal }), end)
})
