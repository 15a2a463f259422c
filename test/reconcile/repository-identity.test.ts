import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLedger, emptyLedger } from '../../agent/ledger/ledger.ts'
import { enterRepositoryStatus } from '../../agent/reconcile/repository-identity.ts'
import { status } from '../support/fake-kopia.ts'
import { createLogRecorder } from '../support/log-recorder.ts'

function createSetup(repositoryId?: string) {
  const known = repositoryId === undefined ? {} : { status: { ...status, repositoryId } }
  const ledger = createLedger({ ...emptyLedger, repository: known })
  const log = createLogRecorder()
  const enter = (id: string, host = 'vm') =>
    enterRepositoryStatus(ledger, { ...status, repositoryId: id, host }, log)
  const ids = () => [ledger.repository.status?.repositoryId, ledger.repository.changedTo?.repositoryId]
  return { ledger, log, enter, ids }
}

test('the first repository is taken over, and its own new status, too', () => {
  const { ledger, log, enter, ids } = createSetup()
  enter('abc')
  enter('abc', 'renamed')
  assert.deepEqual([ids(), ledger.repository.status?.host], [['abc', undefined], 'renamed'])
  assert.deepEqual(log.lines('error'), [])
})

test('a repository whose id was not known, as behind a server, is taken over', () => {
  const { ids, enter } = createSetup('')
  enter('abc')
  assert.deepEqual(ids(), ['abc', undefined])
})

test('another repository is kept apart and said once, and the ledger stays about the one that it knows', () => {
  const { ledger, log, enter, ids } = createSetup('abc')
  for (let times = 0; times < 3; times += 1) enter('def', 'renamed')
  assert.deepEqual([ids(), ledger.repository.status?.host], [['abc', 'def'], 'renamed'])
  assert.equal(log.lines('error').length, 1)
  assert.match(
    log.lines('error')[0] ?? '',
    /another repository \(def\) than before \(abc\).*forget --sources/,
  )
  enter('ghi')
  assert.deepEqual([ids(), log.lines('error').length], [['abc', 'ghi'], 2])
})

test('the right repository ends the change, and a later change is said again', () => {
  const { log, enter, ids } = createSetup('abc')
  enter('def')
  enter('abc')
  assert.deepEqual(ids(), ['abc', undefined])
  enter('def')
  assert.deepEqual([ids(), log.lines('error').length], [['abc', 'def'], 2])
})

test('a change that was said before a restart is not said again', () => {
  const { ledger, log, enter } = createSetup('abc')
  ledger.updateRepository({ changedTo: { ...status, repositoryId: 'def' } })
  enter('def')
  assert.deepEqual(log.lines('error'), [])
})
