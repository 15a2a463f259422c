// Every way in which a backup can end, in every setup, with the current Kopia.

import { testEndings } from '../support/endings-table.ts'
import { client, hidden, noTraceStorage, twoRepositories, warningsOnly } from '../support/setups/setups.ts'

// Each setup takes away a proof that text logs at level debug hold. JSON logs say the same in another form.
for (const setup of [hidden, client, twoRepositories]) testEndings({ setup, forms: ['text logs'] })

// Here nothing tells that the process has come to its end: its storage is not seen closed, nor is it seen gone.
testEndings({ setup: hidden, forms: ['text logs at level info'], hooks: ['without hooks'] })

// Hooks do not depend on what the log says of the storage.
testEndings({ setup: noTraceStorage, forms: ['text logs'], hooks: ['without hooks'] })

// The level of the log is the setup.
testEndings({ setup: warningsOnly, forms: ['text logs'] })
