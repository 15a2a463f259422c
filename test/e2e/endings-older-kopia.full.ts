// Every way in which a backup can end, with the oldest Kopia that the tests build.

import { testEndings } from '../support/endings-table.ts'

// tools/fetch.sh builds the version that tools/kopia-<version>/go.mod pins.
process.env.KOPIA_VERSION = 'v0.21.1'

testEndings()
