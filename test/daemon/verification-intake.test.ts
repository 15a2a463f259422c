// Results of `verify` reach the ledger once, and stay on the disk until a saved ledger holds them.

import assert from 'node:assert/strict'
import { mkdir, readdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { createFaultGuard } from '../../agent/daemon/faults.ts'
import { createVerificationIntake } from '../../agent/daemon/verification-intake.ts'
import { createLedger, emptyLedger } from '../../agent/ledger/ledger.ts'
import type { Verification } from '../../agent/ledger/proof.ts'
import { readVerifications, writeVerification } from '../../agent/ledger/verification-files.ts'
import { temporaryFolder } from '../support/folder.ts'
import { createLogRecorder } from '../support/log-recorder.ts'
import { verdictOf } from '../support/proofs.ts'

const source = { user: 'root', host: 'vm', path: '/data' }
const now = 10_000

function verificationAt(startedAt: number, result: Verification['result'] = verdictOf()): Verification {
  return { startedAt, endedAt: startedAt + 60, result }
}

async function setup(context: TestContext) {
  const stateDirectory = await temporaryFolder(context)
  const ledger = createLedger(emptyLedger)
  ledger.addSource(source, 1)
  const log = createLogRecorder()
  const intake = createVerificationIntake({
    settings: { stateDirectory },
    ledger,
    faults: createFaultGuard(log),
    nowSeconds: () => now,
    log,
  })
  const proof = () => ledger.sources.get('root@vm:/data')?.proof
  return { stateDirectory, folder: join(stateDirectory, 'verify', 'results'), intake, proof, log }
}

test('a result is in the ledger, and leaves the disk only after that was saved', async (context) => {
  const { stateDirectory, folder, intake, proof } = await setup(context)
  await writeVerification(stateDirectory, source, verificationAt(100))
  await intake.take()
  assert.equal(proof()?.lastSuccessAt, 160)
  assert.equal((await readdir(folder)).length, 1)
  // After a crash before the removal it is taken again, and changes nothing.
  const before = proof()
  await intake.take()
  assert.equal(proof(), before)
  await intake.remove(intake.unsaved())
  assert.deepEqual([await readdir(folder), intake.unsaved()], [[], []])
})

test('results are for nobody else, and one of each source remains where no agent takes them', async (context) => {
  const { stateDirectory, folder } = await setup(context)
  await writeVerification(stateDirectory, source, verificationAt(100))
  await writeVerification(stateDirectory, source, verificationAt(200))
  await writeVerification(stateDirectory, { ...source, path: '/other' }, verificationAt(150))
  const { files } = await readVerifications(stateDirectory)
  assert.deepEqual(
    files.map(({ source: { path }, verification }) => `${path} ${verification.startedAt}`),
    ['/other 150', '/data 200'],
  )
  for (const { path } of files) assert.equal((await stat(path)).mode & 0o777, 0o600)
  assert.equal((await stat(folder)).mode & 0o777, 0o700)
})

test('an attempt that found nothing out does not replace a verdict that waits', async (context) => {
  const { stateDirectory, intake, proof } = await setup(context)
  await writeVerification(stateDirectory, source, verificationAt(100))
  await writeVerification(
    stateDirectory,
    source,
    verificationAt(200, { outcome: 'unproven', reason: 'no answer' }),
  )
  await intake.take()
  assert.deepEqual(
    [proof()?.lastSuccessAt, proof()?.lastAttempt.startedAt, proof()?.unprovenReason],
    [160, 200, 'no answer'],
  )
})

test('a file that is no result is told and removed, and a part of one is left alone', async (context) => {
  const { stateDirectory, folder, intake, proof, log } = await setup(context)
  await writeVerification(stateDirectory, source, verificationAt(100))
  await writeFile(join(folder, 'broken.json'), '{"version":9}')
  await writeFile(join(folder, 'half.part'), '{')
  await intake.take()
  assert.equal(proof()?.lastSuccessAt, 160)
  assert.match(log.lines('warn').join('\n'), /broken\.json is removed, it is no result of verify/)
  assert.equal((await readdir(folder)).includes('half.part'), true)
  assert.equal((await readdir(folder)).includes('broken.json'), false)
})

test('a result that cannot be read now is a fault, stays, and does not stop the others', async (context) => {
  const { stateDirectory, folder, intake, proof, log } = await setup(context)
  await writeVerification(stateDirectory, source, verificationAt(100))
  await mkdir(join(folder, 'a-folder.json'))
  await intake.take()
  assert.equal(proof()?.lastSuccessAt, 160)
  assert.match(log.lines('error').join('\n'), /Taking the results of verify failed.*EISDIR/)
  assert.equal((await readdir(folder)).includes('a-folder.json'), true)
})

test('without a folder there is nothing to take, and no fault', async (context) => {
  const { intake, log } = await setup(context)
  await intake.take()
  assert.deepEqual(log.lines('error'), [])
})
