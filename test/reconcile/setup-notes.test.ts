import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Configuration } from '../../agent/kopia/runs/configuration.ts'
import type { Run } from '../../agent/kopia/runs/run.ts'
import { createLedger, emptyLedger } from '../../agent/ledger/ledger.ts'
import { createSetupNotes } from '../../agent/reconcile/setup-notes.ts'
import { createLogRecorder } from '../support/log-recorder.ts'
import { endedRun, goodLog, openRun } from '../support/reconciling.ts'

const otherAt = (path: string): Configuration => ({ kind: 'other', path })

function createSetup() {
  const runs = new Map<string, Run>()
  const ledger = createLedger(emptyLedger)
  const log = createLogRecorder()
  const seen: { visible: boolean | undefined } = { visible: undefined }
  const tracker = {
    runs,
    configurationOf: (run: { readonly configuration?: Configuration }) => run.configuration,
    areProcessesVisible: () => seen.visible,
  }
  return {
    runs,
    ledger,
    log,
    seen,
    notes: createSetupNotes({ ledger, tracker, nowSeconds: () => 1000, log }),
  }
}

test('another configuration makes the directory a shared one, and is said once', () => {
  const { runs, ledger, log, notes } = createSetup()
  const unknown = openRun(goodLog)
  assert.deepEqual([notes.logDirectoryUse(), notes.isOurs(unknown)], ['not shared', true])
  runs.set('one', openRun(goodLog, { configuration: otherAt('/b.config') }))
  runs.set('two', endedRun(3, goodLog, { configuration: otherAt('/b.config') }))
  for (let times = 0; times < 2; times += 1) notes.note()
  assert.deepEqual(ledger.setup.otherConfigurations, ['/b.config'])
  assert.equal(log.lines('warn').length, 1)
  assert.match(log.lines('warn')[0] ?? '', /\/b\.config.*own KOPIA_LOG_DIR/)
  assert.deepEqual([notes.logDirectoryUse(), notes.isOurs(unknown)], ['shared', false])
})

test('in a shared directory a run is ours by its configuration alone', () => {
  const { runs, notes } = createSetup()
  runs.set('one', openRun(goodLog, { configuration: otherAt('/b.config') }))
  notes.note()
  const own = openRun(goodLog, { configuration: { kind: 'own' } })
  const other = openRun(goodLog, { configuration: otherAt('/b.config') })
  assert.deepEqual([notes.isOurs(own), notes.isOurs(other)], [true, false])
})

test('configurations of temporary files do not fill the ledger', () => {
  const { runs, ledger, notes } = createSetup()
  for (let number = 0; number < 50; number += 1) {
    runs.set('one', openRun(goodLog, { configuration: otherAt(`/tmp/${number}.config`) }))
    notes.note()
  }
  const { otherConfigurations } = ledger.setup
  assert.deepEqual([otherConfigurations.length, otherConfigurations.at(-1)], [10, '/tmp/49.config'])
})

test('whether processes can be seen is kept while nothing shows it, and one that cannot is reported once', () => {
  const { ledger, log, seen, notes } = createSetup()
  for (const visible of [undefined, false, false, undefined, true, undefined, false, true] as const) {
    seen.visible = visible
    notes.note()
  }
  assert.equal(ledger.setup.processesVisible, true)
  assert.deepEqual([log.lines('warn').length, log.lines('info')], [1, []], 'not for each run of two kinds')
})

test('a run whose snapshot the repository lacks right after its good end makes the directory a shared one', () => {
  const { ledger, notes } = createSetup()
  notes.noteForeignRun(939)
  assert.equal(notes.logDirectoryUse(), 'not shared', 'somebody may have deleted it')
  notes.noteForeignRun(940)
  assert.equal(notes.logDirectoryUse(), 'shared')
  assert.deepEqual(ledger.setup.otherConfigurations, ['a configuration that was not seen'])
})
