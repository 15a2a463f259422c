// Every way in which a backup can end, with the current Kopia.

import { testEndings } from '../support/endings-table.ts'

testEndings()
