// The endings that the setups put at risk; endings-setups.full.ts tries all.

import { testEndings } from '../support/endings-table.ts'
import { client, hidden, noTraceStorage, twoRepositories, warningsOnly } from '../support/setups/setups.ts'

const forms = ['text logs'] as const
const [complete, identical] = ['a complete snapshot', 'nothing changed, and identical snapshots are ignored']

testEndings({
  setup: hidden,
  forms,
  hooks: ['without hooks'],
  rows: [complete, identical, 'a failed before-action', 'SIGTERM', 'SIGKILL'],
})
testEndings({
  setup: twoRepositories,
  forms,
  hooks: ['with hooks'],
  rows: [complete, identical, 'files that could not be read', 'SIGKILL'],
})
testEndings({
  setup: client,
  forms,
  hooks: ['without hooks'],
  rows: [complete, 'a failed before-action', 'SIGKILL'],
})
for (const setup of [noTraceStorage, warningsOnly])
  testEndings({ setup, forms, hooks: ['without hooks'], rows: [complete, 'files that could not be read'] })
