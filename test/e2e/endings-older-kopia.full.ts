import { testEndings } from '../support/endings-table.ts'

// The version is one variable: tools/fetch.sh builds what tools/kopia-<version>/go.mod pins.
process.env.KOPIA_VERSION = 'v0.21.1'

testEndings()
